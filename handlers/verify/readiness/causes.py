"""Causes: why a target cannot be reached, and what to do about it."""

import socket
import ssl
from contextlib import suppress

from ..http.connection import ConnectError, Connection, Outgoing, ProxyError, Route, TimedOut, TooLarge, TransportError
from ..target import Target

_OTHER_NAME = (62, 64)
"""OpenSSL's codes for a certificate of another host name, and of another IP address."""
_PROBE_S = 3.0


def away(target: Target, error: TransportError) -> str:
    """Say why the target gave no answer at all, and what to do."""
    url, route, cause = target.base_url, target.client.route, error.__cause__
    if isinstance(error, ProxyError) and route.proxy is not None:
        named = route.proxy.variable or "the system's settings"
        what = f"The proxy of {named}, {_without_password(route.proxy.url)}, gives no connection"
        remedy = f"correct or unset it, or add {route.host} to NO_PROXY"
    elif isinstance(cause, ssl.SSLCertVerificationError) and cause.verify_code in _OTHER_NAME:
        what = f"The certificate of {url} is for another name"
        remedy = "name the host that it is for, or pass --insecure to accept it"
    elif isinstance(cause, ssl.SSLCertVerificationError):
        what = f"The certificate of {url} cannot be trusted"
        remedy = "name its authority with --ca-file, or pass --insecure to accept it"
    elif isinstance(cause, socket.gaierror):
        what, remedy = f"The host of {url} cannot be found", "correct its name"
    elif known := in_its_place(target, error):
        return known
    elif isinstance(error, TimedOut) or isinstance(cause, TimeoutError):
        what = f"{url} does not answer within {target.client.timeout:g} s"
        remedy = "look whether it runs, and whether a firewall is between; --timeout gives it longer"
    elif not isinstance(error, ConnectError):
        what = f"{url} takes connections, and gives no whole answer of HTTP/1.1"
        remedy = "look what listens there, and what stands between"
    else:
        what = f"{url} cannot be reached"
        remedy = "start it, correct host and port, or wait for it with --wait"
    return f"{what} ({error}): {remedy}."


def in_its_place(target: Target, error: TransportError | None) -> str:
    """Say that the target speaks the other one of http and https; empty where it does not."""
    url, route = target.base_url, target.client.route
    if route.proxy is not None:
        return ""
    if route.scheme == "http" and _speaks_tls(route):
        return f"{url} speaks https, not http: write https://{url.partition('://')[2]}."
    if route.scheme == "https" and isinstance(error, ConnectError) and _speaks_plainly(route):
        return f"{url} speaks http, not https: write http://{url.partition('://')[2]}."
    return ""


def _speaks_tls(route: Route) -> bool:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        suppress(OSError, ValueError),
        socket.create_connection((route.host, route.port), _PROBE_S) as plain,
        context.wrap_socket(plain, server_hostname=route.host),
    ):
        return True
    return False


def _speaks_plainly(route: Route) -> bool:
    with suppress(TransportError, TooLarge):
        connection = Connection(Route("http", route.host, route.port, route.context), _PROBE_S)
        try:
            connection.exchange(Outgoing("GET", "/", ()), _PROBE_S, 1 << 20)
        finally:
            connection.close()
        return True
    return False


def _without_password(url: str) -> str:
    scheme, found, rest = url.partition("://")
    return f"{scheme}{found}{rest.rpartition('@')[2]}"
