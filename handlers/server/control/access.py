"""Access to the control API: a bearer token where one is set, and never from another host or another origin."""

import hmac
import re
from collections.abc import Awaitable
from ipaddress import ip_address

from starlette.types import ASGIApp, Receive, Scope, Send

from ..access.origin import Origin
from ..errors import ApiError
from ..request import Repeated, Request
from ..settings import Control

_PORT = re.compile(r":[0-9]+$")
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="chat-bindings control"'}
_OWN_SITE = (None, b"same-origin", b"none")
"""What a browser says of requests of a page of this origin, and of those that its user makes."""

_FORWARDED = (b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"via")


class ControlAccess:
    """Decides who may use the control API.

    A web page that its reader's browser shows can send requests to this machine, and its host name can lead here (DNS
    rebinding): so a foreign `Origin` or `Sec-Fetch-Site` is refused, and without a token a host that is not loopback.
    All get a 404.
    """

    def __init__(self, control: Control, origin: Origin) -> None:
        self._token = control.token.encode() if control.token else None
        self._origin = origin

    def check(self, scope: Scope) -> None:
        """Raise a `ApiError` where the request may not pass."""
        self.check_sender(scope)
        try:
            request = Request.of(scope)
            site, authorization = request.header(b"sec-fetch-site"), request.header(b"authorization")
        except Repeated:
            raise ApiError("not_found") from None
        if site not in _OWN_SITE:
            raise ApiError("not_found")
        if self._token is not None and not self._is_right(authorization or b""):
            raise ApiError("control_unauthorized", _CHALLENGE)

    def check_sender(self, scope: Scope) -> None:
        """Raise a `ApiError` where the request is of another origin, or not local without a token."""
        try:
            sender = Request.of(scope).header(b"origin")
        except Repeated:
            raise ApiError("not_found") from None
        if sender is not None and sender.decode("latin-1").lower() != self._origin.of(scope).lower():
            raise ApiError("not_found")
        if self._token is None:
            self._must_be_local(scope)

    def _is_right(self, authorization: bytes) -> bool:
        scheme, _, token = authorization.strip().partition(b" ")
        return scheme.lower() == b"bearer" and hmac.compare_digest(token.strip(), self._token or b"")

    def _must_be_local(self, scope: Scope) -> None:
        host, _ = self._origin.host_of(scope)
        if not is_loopback(host or b"localhost") or any(name in _FORWARDED for name, _ in scope["headers"]):
            raise ApiError("not_found")

    def over(self, app: ASGIApp) -> ASGIApp:
        """An app behind this check."""

        def checked(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
            self.check(scope)
            return app(scope, receive, send)

        return checked


def is_loopback(host: bytes) -> bool:
    """Whether a `Host` names this machine alone."""
    name = _PORT.sub("", host.decode("latin-1").lower()).strip("[]").removesuffix(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False
