"""Where a client reaches us: the scheme and host that absolute URLs are built from."""

import re
from collections.abc import Awaitable, Sequence
from functools import lru_cache
from ipaddress import ip_address
from typing import Any

from connexion.middleware.abstract import RoutedMiddleware
from connexion.operations.abstract import AbstractOperation
from connexion.spec import Specification
from starlette.types import ASGIApp, Receive, Scope, Send

from .context import Repeated, arguments_of, header
from .errors import Fault
from .settings import Network
from .stages import CompiledStageAPI

# RFC 3986: a registered name without sub-delimiters (which no host on the Internet has), or an IP literal, and a port
_HOST = re.compile(rb"(?:[A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")


@lru_cache(maxsize=1024)
def _checked(scheme: str, host: bytes) -> str:
    if not _HOST.fullmatch(host):
        raise Fault("invalid_parameter", parameter="The Host header", rule="must be a host, or a host and a port")
    return f"{scheme}://{host.decode()}"


class Origin:
    """Where a request was sent to, as a scheme and host: `--public-url`, or what the request says.

    What a proxy says of them (`X-Forwarded-Proto`, `X-Forwarded-Host`) counts only from a trusted one.
    """

    def __init__(self, public_url: str | None, trusted_proxies: Sequence[Network]) -> None:
        self._public_url = public_url.rstrip("/") if public_url else None
        self._trusted = tuple(trusted_proxies)

    def of(self, scope: Scope) -> str:
        """The origin of a request. Raises `Fault("invalid_parameter")` where its Host is none."""
        if self._public_url:
            return self._public_url
        try:
            scheme, host = scope["scheme"], header(scope, b"host")
        except Repeated:
            raise Fault("invalid_parameter", parameter="The Host header", rule="must come once") from None
        if self._trusted and self._is_trusted(scope):
            headers = dict(scope["headers"])
            proto = _last(headers.get(b"x-forwarded-proto", b""))
            scheme = proto.decode() if proto in (b"http", b"https") else scheme
            host = _last(headers.get(b"x-forwarded-host", b"")) or host
        if not host and scope["server"]:  # HTTP/1.0 knows no Host
            name, port = scope["server"]
            host = f"[{name}]:{port}".encode() if ":" in name else f"{name}:{port}".encode()
        return _checked(scheme, host or b"")

    def _is_trusted(self, scope: Scope) -> bool:
        if not scope["client"]:
            return False
        peer = ip_address(scope["client"][0])
        return any(peer in network for network in self._trusted)


def _last(value: bytes) -> bytes:
    # each proxy appends: the last was written by the one that we trust
    return value.rpartition(b",")[2].strip()


class AddressedOperation:
    """Gives an operation the `origin` of each request."""

    def __init__(self, next_app: ASGIApp, origin: Origin) -> None:
        self._next_app = next_app
        self._origin = origin

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        arguments_of(scope)["origin"] = self._origin.of(scope)
        return self._next_app(scope, receive, send)


class AddressingAPI(CompiledStageAPI):
    """The operations of one spec."""

    def __init__(self, *args: Any, origin: Origin, **kwargs: Any) -> None:
        self._origin = origin
        super().__init__(*args, **kwargs)

    def make_operation(self, operation: AbstractOperation) -> AddressedOperation:
        return AddressedOperation(self.following(operation), self._origin)


class Addressing(RoutedMiddleware[AddressingAPI]):
    """The stage that gives handlers the `origin`."""

    api_cls = AddressingAPI

    def __init__(self, app: ASGIApp, *, public_url: str | None, trusted_proxies: Sequence[Network]) -> None:
        super().__init__(app)
        self._origin = Origin(public_url, trusted_proxies)

    def add_api(self, specification: Specification, **kwargs: Any) -> AddressingAPI:
        return super().add_api(specification, origin=self._origin, **kwargs)
