"""Where a client reaches us: the scheme and host that absolute URLs are built from."""

import re
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address

from starlette.types import ASGIApp, Receive, Scope, Send

from .context import context_of
from .errors import Fault

Network = IPv4Network | IPv6Network

# RFC 3986: a registered name without sub-delimiters (which no host on the Internet has), or an IP literal, and a port
_HOST = re.compile(rb"(?:[A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")


class Addressing:
    """The stage that gives handlers the `origin`: `--public-url`, or the scheme and host of the request.

    What a proxy says of them (`X-Forwarded-Proto`, `X-Forwarded-Host`) counts only from a trusted one.
    """

    def __init__(self, app: ASGIApp, *, public_url: str | None, trusted_proxies: Sequence[Network]) -> None:
        self.app = app
        self._public_url = public_url.rstrip("/") if public_url else None
        self._trusted = tuple(trusted_proxies)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            context_of(scope)["origin"] = self._public_url or self._origin(scope)
        await self.app(scope, receive, send)

    def _origin(self, scope: Scope) -> str:
        headers = dict(scope["headers"])
        if sum(name == b"host" for name, _ in scope["headers"]) > 1:
            raise Fault("invalid_parameter", parameter="The Host header", rule="must come once")
        scheme, host = scope["scheme"], headers.get(b"host", b"")
        if self._trusted and self._is_trusted(scope):
            proto = _last(headers.get(b"x-forwarded-proto", b""))
            scheme = proto.decode() if proto in (b"http", b"https") else scheme
            host = _last(headers.get(b"x-forwarded-host", b"")) or host
        if not host and scope["server"]:  # HTTP/1.0 knows no Host
            name, port = scope["server"]
            host = f"[{name}]:{port}".encode() if ":" in name else f"{name}:{port}".encode()
        if not _HOST.fullmatch(host):
            raise Fault("invalid_parameter", parameter="The Host header", rule="must be a host, or a host and a port")
        return f"{scheme}://{host.decode()}"

    def _is_trusted(self, scope: Scope) -> bool:
        if not scope["client"]:
            return False
        peer = ip_address(scope["client"][0])
        return any(peer in network for network in self._trusted)


def _last(value: bytes) -> bytes:
    # each proxy appends: the last was written by the one that we trust
    return value.rpartition(b",")[2].strip()
