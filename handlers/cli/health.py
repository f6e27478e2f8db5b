"""`chat-bindings health`: a container's health check."""

import signal
import socket
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from types import FrameType
from typing import NoReturn
from urllib.parse import urlsplit

import click

from .environment import PREFIX, variable

_TIMEOUT = 5
"""Seconds for the whole check."""

_LOCAL = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - for URLs only
_HIGHEST_PORT = 65_535
_SHOWN = 150


class _Unix(HTTPConnection):
    """A connection to a Unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost")
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(self._path)


@click.command()
@click.argument("url", metavar="[URL]", required=False)
def health(*, url: str | None) -> int:
    """Check whether a service answers.

    URL is that of a service, or of its monitoring port, whose /readyz covers the database too; unix:/path for a socket.
    By default it follows from the variables of `serve`: CHAT_BINDINGS_MONITORING_PORT, else CHAT_BINDINGS_UDS, else
    CHAT_BINDINGS_HOST and CHAT_BINDINGS_PORT. The certificate is not verified: nothing secret is sent.

    Exit codes: 0 it answers, 1 it does not within 5 seconds or is not ready, 2 the URL is invalid.

    \b
    Examples:
      chat-bindings health
      chat-bindings health http://127.0.0.1:9090
    """
    url = url or _default()
    connection, path = _connection(url)
    signal.signal(signal.SIGALRM, _give_up)  # a socket's timeout bounds each step, not their sum
    signal.alarm(_TIMEOUT)
    try:
        connection.request("GET", path)
        healthy, state = _assess(connection.getresponse())
    except (OSError, HTTPException) as error:
        healthy, state = False, f"no answer: {getattr(error, 'strerror', None) or error or type(error).__name__}"
    finally:
        signal.alarm(0)
        connection.close()
    click.echo(f"{url}: {state}")
    return 0 if healthy else 1


def _give_up(number: int, frame: FrameType | None) -> NoReturn:  # noqa: ARG001 - as the signal module calls it
    raise TimeoutError(f"timed out after {_TIMEOUT} seconds")


def _assess(response: HTTPResponse) -> tuple[bool, str]:
    if response.status < HTTPStatus.BAD_REQUEST:
        return True, "ready" if response.status == HTTPStatus.OK else f"answers {response.status}"
    # the service's own port has no /readyz: a 401 or 404 of its own means that it answers
    if response.status < HTTPStatus.INTERNAL_SERVER_ERROR and response.headers.get("Twilio-Request-Id"):
        return True, "answers"
    reason = " ".join(response.read(_SHOWN).decode("utf-8", "replace").split())
    return False, f"not ready, it answers {response.status}: {reason}"


def _default() -> str:
    port, host = variable("MONITORING_PORT"), variable("MONITORING_HOST")
    if port and int(port if port.isdecimal() else 1):
        return f"http://{_local(host)}:{port}"
    if uds := variable("UDS"):
        return f"unix:{uds}"
    port, host = variable("PORT") or "8000", (variable("HOST").split() or [""])[0]
    if port == "0":
        raise click.UsageError(f"URL is missing: {PREFIX}_PORT is 0, so the service's port is not known.")
    return f"http{'s' if variable('TLS_CERT') else ''}://{_local(host)}:{port}"


def _local(host: str) -> str:
    bare = host.removeprefix("[").removesuffix("]")
    bare = _LOCAL.get(bare, bare)
    return f"[{bare}]" if ":" in bare else bare


def _connection(url: str) -> tuple[HTTPConnection, str]:
    """Make a connection to a URL's host; return it and the path to request."""
    if url.startswith("unix:"):
        return _Unix(url.removeprefix("unix:")), "/readyz"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", None
    usable = host and parts.scheme in {"http", "https"} and url.isascii() and url.isprintable() and " " not in url
    if not usable or not 0 < (port or 80) <= _HIGHEST_PORT or parts.username is not None:
        raise click.UsageError(f"{url[:_SHOWN]!r} is not a URL such as http://127.0.0.1:8000 or unix:/run/chat.sock.")
    path = parts.path if parts.path not in {"", "/"} else "/readyz"
    if parts.scheme == "http":
        return HTTPConnection(host, port), path
    import ssl

    context = ssl._create_unverified_context()  # noqa: S323, SLF001 - nothing secret is sent, and localhost has no certificate
    return HTTPSConnection(host, port, context=context), path
