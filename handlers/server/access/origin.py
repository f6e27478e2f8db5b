"""The origin of a request: the scheme, host and prefix that absolute URLs are built from."""

import re
from typing import NamedTuple

from starlette.types import Scope

from ..errors import ApiError
from ..http.authority import is_authority
from ..http.target import HOST, HOST_HEADER, no_host
from ..request import Repeated, Request
from .proxies import TrustedProxies

_FORWARDED_HOST = "The X-Forwarded-Host header"
_FORWARDED_PREFIX = "The X-Forwarded-Prefix header"
_LONGEST_PREFIX = 255

_PREFIX = re.compile(rb"(?:/[A-Za-z0-9._~!$&'()*+;=:@%-]+)*/?")
"""Segments of a path (RFC 3986), without commas: they separate the values of several proxies."""


class RequestHost(NamedTuple):
    """The host that a request is for, None where it names none, and the header that names it."""

    host: bytes | None
    header: str


class Origin:
    """The scheme, host and prefix of a request's URL: `--public-url`, or those of the request.

    `X-Forwarded-Proto`, `X-Forwarded-Host` and `X-Forwarded-Prefix` count from trusted proxies only.
    """

    def __init__(self, public_url: str | None, trusted: TrustedProxies) -> None:
        self._public_url = public_url.rstrip("/") if public_url else None
        self._trusted = trusted
        self._is_direct = not trusted

    def of(self, scope: Scope) -> str:
        """Return the origin of a request. Raises `ApiError("invalid_parameter")` for an invalid host or prefix."""
        if self._public_url:
            return self._public_url
        if self._is_direct and (known := scope.get(HOST)):
            return f"{scope['scheme']}://{known.decode()}"
        host, _ = self.host_of(scope)
        if not host and scope["server"]:  # HTTP/1.0 has no Host
            name, port = scope["server"]
            host = f"[{name}]:{port}".encode() if ":" in name else f"{name}:{port}".encode()
        name = (host or b"").decode()
        if self._is_direct:
            return f"{scope['scheme']}://{name}"
        return f"{self._scheme_of(scope)}://{name}{self._prefix_of(scope)}"

    def host_of(self, scope: Scope) -> RequestHost:
        """Return the host that a request is for. Raises `ApiError("invalid_parameter")` for an invalid one."""
        if self._trusted and (forwarded := self._read_forwarded(scope, b"x-forwarded-host")):
            if not is_authority(forwarded):
                raise no_host(_FORWARDED_HOST)
            return RequestHost(forwarded, _FORWARDED_HOST)
        return RequestHost(scope[HOST] if HOST in scope else _host_header(scope), HOST_HEADER)

    def _scheme_of(self, scope: Scope) -> str:
        forwarded = self._read_forwarded(scope, b"x-forwarded-proto")
        return forwarded.decode() if forwarded in (b"http", b"https") else scope["scheme"]

    def _prefix_of(self, scope: Scope) -> str:
        prefix = self._read_forwarded(scope, b"x-forwarded-prefix")
        if len(prefix) > _LONGEST_PREFIX or not _PREFIX.fullmatch(prefix):
            raise ApiError("invalid_parameter", parameter=_FORWARDED_PREFIX, rule="must be a path, such as /chat")
        return prefix.decode().rstrip("/")

    def _read_forwarded(self, scope: Scope, name: bytes) -> bytes:
        if not scope["client"] or scope["client"][0] not in self._trusted:
            return b""
        # each proxy appends: the trusted one wrote the last value
        return Request.of(scope).headers.get(name, b"").rpartition(b",")[2].strip()


def _host_header(scope: Scope) -> bytes | None:
    """Return the value of the only Host header, under servers that do not check it."""
    try:
        host = Request.of(scope).header(b"host")
    except Repeated:
        raise ApiError("invalid_parameter", parameter=HOST_HEADER, rule="must come once") from None
    if host and not is_authority(host):
        raise no_host()
    return host
