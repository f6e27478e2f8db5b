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
"""Values of `Sec-Fetch-Site` for requests of this origin's pages, of the user, and of clients that are no browsers."""

_FORWARDED = (b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"via")


class ControlAccess:
    """Access control of the control API.

    A web page can send requests to this machine from its reader's browser, even under its own host name (DNS
    rebinding). A foreign `Origin` or `Sec-Fetch-Site` is therefore refused and, without a token, any host but loopback.
    All get a 404.
    """

    def __init__(self, control: Control, origin: Origin) -> None:
        self._token = control.token.encode() if control.token else None
        self._origin = origin

    def check(self, scope: Scope) -> None:
        """Raise `ApiError` for a request without access."""
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
        """Raise `ApiError` for a request of another origin, or for one from elsewhere without a token."""
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
        """Wrap an app in this check."""

        def guard(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
            self.check(scope)
            return app(scope, receive, send)

        return guard


def is_loopback(host: bytes) -> bool:
    """Return whether a `Host` is a name or address of loopback."""
    name = _PORT.sub("", host.decode("latin-1").lower()).strip("[]").removesuffix(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False
