"""Authentication by HTTP Basic, before parameters and bodies are validated."""

import base64
import binascii
import hmac
import time
from collections.abc import Awaitable, Callable

from connexion.operations.abstract import AbstractOperation
from starlette.types import ASGIApp, Receive, Scope, Send

from ...storage.interface import Storage
from ...tokens import digest
from ..errors import ApiError
from ..operations.stage import Stage, is_control
from ..request import REQUEST, Repeated, Request

Guard = Callable[[ASGIApp], ASGIApp]

_NOBODY = digest("")
"""The digest that an unknown user's password is compared with, so that it takes as long as a wrong password."""


_CACHED_FOR = 0.5
"""Seconds for which right credentials are cached: rotated or deleted ones end within a second."""

_CACHED = 4096
"""Credentials in the cache at most."""

_LONGEST = 256
"""Bytes of a cached `Authorization`, twice those of a usual one: white space can make it of any length."""


def parse_basic(value: bytes) -> tuple[str, str]:
    """Parse an `Authorization` into the user name and the digest of the password.

    Raises `ApiError("unauthorized")`, for a malformed one too.
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
    """Return the SID of the account with these credentials. Raises `ApiError("unauthorized")` for wrong ones."""
    credential = await storage.credential(user_name) if "\0" not in user_name else None
    expected = credential.secret_sha256 if credential else _NOBODY
    matches = hmac.compare_digest(password_sha256, expected)
    if credential is None or not matches:
        raise ApiError("unauthorized")
    return credential.account_sid


class Authenticator:
    """Identifies accounts by their credentials. Caches right ones for half a second, and never wrong ones."""

    def __init__(self, storage: Storage, peer_of: Callable[[Scope], str] = lambda _: "") -> None:
        """Cache credentials for each peer alone."""
        self._storage = storage
        self._peer_of = peer_of
        self._known: dict[tuple[str, bytes], tuple[str, float]] = {}

    def recall(self, value: bytes, scope: Scope) -> str | None:
        """Return the SID of the account of a cached `Authorization`, or None."""
        known = self._known.get((self._peer_of(scope), value))
        return known[0] if known and time.monotonic() < known[1] else None

    async def account_sid(self, value: bytes, scope: Scope) -> str:
        """Return the SID of the account of an `Authorization`. Raises `ApiError("unauthorized")`."""
        return await self._look(*parse_basic(value), (self._peer_of(scope), value))

    async def _look(self, user_name: str, password_sha256: str, sent: tuple[str, bytes]) -> str:
        until = time.monotonic() + _CACHED_FOR
        account_sid = await authenticate(self._storage, user_name, password_sha256)
        if len(sent[1]) <= _LONGEST:
            self._forget()
            self._known[sent] = account_sid, until
        return account_sid

    def forget(self) -> None:
        """Empty the cache."""
        self._known.clear()

    async def again(self, scope: Scope) -> str:
        """Authenticate a request again, after a reset; return the SID of its account."""
        return await self.account_sid(Request.of(scope).header(b"authorization") or b"", scope)

    def _forget(self) -> None:
        """Remove expired secrets from the cache, and the oldest where it is full."""
        now = time.monotonic()
        for sent in [*self._known]:
            if now < self._known[sent][1] and len(self._known) < _CACHED:
                break
            del self._known[sent]


class AuthenticatedOperation:
    """An operation whose spec requires HTTP Basic."""

    def __init__(self, next_app: ASGIApp, authenticator: Authenticator) -> None:
        self._next_app = next_app
        self._authenticator = authenticator

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        request: Request = scope[REQUEST]
        try:
            value = request.header(b"authorization")
        except Repeated:
            value = None  # ambiguous
        if value is None:
            raise ApiError("unauthorized")
        account_sid = self._authenticator.recall(value, scope)
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
        """Use `guard` for the operations of the control API, which authenticates in another way."""
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
