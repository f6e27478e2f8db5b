"""Authentication: HTTP Basic credentials, checked before anything else of an operation."""

import base64
import binascii
import hmac
import time
from collections.abc import Awaitable, Callable

from connexion.operations.abstract import AbstractOperation
from starlette.types import ASGIApp, Receive, Scope, Send

from ...storage.interface import Storage
from ...storage.tokens import digest
from ..errors import ApiError
from ..operations.stage import Stage, is_control
from ..request import Repeated, Request

Guard = Callable[[ASGIApp], ASGIApp]

_NOBODY = digest("")
"""Compared with when the user name is unknown, so that it takes as long as a wrong password."""


_REMEMBERED_FOR = 0.5
"""Seconds for which right credentials are taken as right again: a rotated or deleted one ends within a second."""

_REMEMBERED = 4096
"""How many of them at the most."""

_LONGEST = 256
"""Bytes of those that are: twice what ours take. White space may make any of them longer."""


def parse_basic(value: bytes) -> tuple[str, str]:
    """Parse an `Authorization`: the user name, and the digest of the password.

    Raises `ApiError("unauthorized")`: a malformed one is wrong credentials.
    """
    scheme, _, encoded = value.strip().partition(b" ")
    if scheme.lower() != b"basic":
        raise ApiError("unauthorized")
    try:
        user_name, colon, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise ApiError("unauthorized") from None
    if not colon:
        raise ApiError("unauthorized")
    return user_name, digest(password)


async def authenticate(storage: Storage, user_name: str, password_sha256: str) -> str:
    """Return the SID of the account with these credentials. Raises `ApiError("unauthorized")` when they are wrong."""
    credential = await storage.credential(user_name) if "\0" not in user_name else None
    expected = credential.secret_sha256 if credential else _NOBODY
    matches = hmac.compare_digest(password_sha256, expected)
    if credential is None or not matches:
        raise ApiError("unauthorized")
    return credential.account_sid


class Authenticator:
    """Identifies accounts by their credentials. Right ones are remembered for a moment; wrong ones never."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._known: dict[bytes, tuple[str, float]] = {}

    def remembered(self, value: bytes, scope: Scope) -> str | None:  # noqa: ARG002 - of any client
        """Return the SID of the account of an `Authorization` that was right a moment ago; None where it was not."""
        known = self._known.get(value)
        return known[0] if known and time.monotonic() < known[1] else None

    async def account_sid(self, value: bytes, scope: Scope) -> str:  # noqa: ARG002 - as above
        """Return the SID of the account of an `Authorization`. Raises `ApiError("unauthorized")`."""
        return await self._look(*parse_basic(value), value)

    async def _look(self, user_name: str, password_sha256: str, value: bytes) -> str:
        until = time.monotonic() + _REMEMBERED_FOR
        account_sid = await authenticate(self._storage, user_name, password_sha256)
        if len(value) <= _LONGEST:
            self._forget()
            self._known[value] = account_sid, until
        return account_sid

    def forget(self) -> None:
        """Remember no credentials."""
        self._known.clear()

    async def again(self, scope: Scope) -> str:
        """Return the SID of the account of a request whose credentials were right before a reset."""
        return await self.account_sid(Request.of(scope).header(b"authorization") or b"", scope)

    def _forget(self) -> None:
        """Keep no secret for longer than it is of use, and not more of them than fit."""
        now = time.monotonic()
        for value in [*self._known]:
            if now < self._known[value][1] and len(self._known) < _REMEMBERED:
                break
            del self._known[value]


class AuthenticatedOperation:
    """An operation that needs HTTP Basic credentials, as its spec says."""

    def __init__(self, next_app: ASGIApp, authenticator: Authenticator) -> None:
        self._next_app = next_app
        self._authenticator = authenticator

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        request = Request.of(scope)
        try:
            value = request.header(b"authorization")
        except Repeated:
            value = None  # it is unknown which of them counts
        if value is None:
            raise ApiError("unauthorized")
        account_sid = self._authenticator.remembered(value, scope)
        if account_sid is None:
            return self._check(value, scope, receive, send)
        request.account_sid = account_sid
        return self._next_app(scope, receive, send)

    async def _check(self, value: bytes, scope: Scope, receive: Receive, send: Send) -> None:
        Request.of(scope).account_sid = await self._authenticator.account_sid(value, scope)
        await self._next_app(scope, receive, send)


class Authentication(Stage):
    """The stage that identifies the account of a request."""

    def __init__(self, app: ASGIApp, *, authenticator: Authenticator, guard: Guard | None = None) -> None:
        """`guard` puts an operation of the control API behind its own check."""
        super().__init__(app)
        self._authenticator = authenticator
        self._guard = guard

    def wrap(self, operation: AbstractOperation, next_app: ASGIApp) -> ASGIApp:
        if not operation.security:
            return next_app
        if self._guard and is_control(operation):
            return self._guard(next_app)
        for requirement in operation.security:
            for name in requirement:
                scheme = operation.security_schemes[name]
                if (scheme["type"], scheme.get("scheme")) != ("http", "basic"):
                    raise NotImplementedError(f"security scheme {name}: only HTTP Basic is implemented")
        return AuthenticatedOperation(next_app, self._authenticator)
