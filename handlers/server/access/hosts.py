"""Allowed hosts: requests for any other host are refused."""

import re
from collections.abc import Awaitable, Sequence
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from ..errors import ApiError
from .origin import Origin

_PORT = re.compile(r":[0-9]+$")


class AllowedHosts:
    """Passes requests for allowed hosts: in any case of letters, on any port unless one is named.

    `*.example.com` allows every host below example.com. The host of a public URL is allowed too.
    """

    def __init__(self, app: ASGIApp, *, origin: Origin, allowed_hosts: Sequence[str], public_url: str | None) -> None:
        self.app = app
        self._origin = origin
        own = [urlsplit(public_url).netloc] if public_url else []
        self._allowed = frozenset(host.lower().removesuffix(".") for host in [*allowed_hosts, *own])

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] == "http":
            host, header = self._origin.host_of(scope)
            if host and not self._is_allowed(host):
                raise ApiError("invalid_parameter", parameter=header, rule="must be a host that this server is for")
        return self.app(scope, receive, send)

    def _is_allowed(self, value: bytes) -> bool:
        host = value.decode("latin-1").lower()
        name = _PORT.sub("", host)
        port, name = host[len(name) :], name.removesuffix(".")
        parts = name.split(".")
        above = {".".join(["*", *parts[start:]]) for start in range(1, len(parts))}
        return not self._allowed.isdisjoint({name, name + port} | above)
