"""Who asks: HTTP Basic credentials, checked before anything else of an operation."""

import base64
import binascii
import hmac
from typing import Any

from connexion.middleware.abstract import RoutedAPI, RoutedMiddleware
from connexion.operations.abstract import AbstractOperation
from starlette.types import ASGIApp, Receive, Scope, Send

from ..storage.interface import Storage
from ..storage.tokens import digest
from .context import context_of
from .errors import Fault

_NOBODY = digest("")
"""Compared with when the user name is unknown, so that it takes as long as a wrong password."""


def parse_basic(headers: list[tuple[bytes, bytes]]) -> tuple[str, str] | None:
    """The user name and password of a request's one `Authorization`; None when it is anything else."""
    values = [value for name, value in headers if name == b"authorization"]
    if len(values) != 1:
        return None
    scheme, _, encoded = values[0].strip().partition(b" ")
    if scheme.lower() != b"basic":
        return None
    try:
        user_name, colon, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (user_name, password) if colon else None


async def authenticate(storage: Storage, headers: list[tuple[bytes, bytes]]) -> str:
    """The SID of the account that asks.

    Raises `Fault("unauthorized")`: a malformed `Authorization` is wrong credentials.
    """
    pair = parse_basic(headers)
    if pair is None:
        raise Fault("unauthorized")
    user_name, password = pair
    credential = await storage.credential(user_name) if "\0" not in user_name else None
    expected = credential.secret_sha256 if credential else _NOBODY
    matches = hmac.compare_digest(digest(password), expected)
    if credential is None or not matches:
        raise Fault("unauthorized")
    return credential.account_sid


class AuthenticatedOperation:
    """An operation that needs HTTP Basic credentials, as its spec says."""

    def __init__(self, next_app: ASGIApp, storage: Storage) -> None:
        self._next_app = next_app
        self._storage = storage

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        context_of(scope)["account_sid"] = await authenticate(self._storage, scope["headers"])
        await self._next_app(scope, receive, send)


class AuthenticationAPI(RoutedAPI[ASGIApp]):
    """The security requirements of one spec."""

    def __init__(self, *args: Any, storage: Storage, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._storage = storage
        self.add_paths()

    def make_operation(self, operation: AbstractOperation) -> ASGIApp:
        if not operation.security:
            return self.next_app
        for requirement in operation.security:
            for name in requirement:
                scheme = operation.security_schemes[name]
                if (scheme["type"], scheme.get("scheme")) != ("http", "basic"):
                    raise NotImplementedError(f"security scheme {name}: only HTTP Basic is implemented")
        return AuthenticatedOperation(self.next_app, self._storage)


class Authentication(RoutedMiddleware[AuthenticationAPI]):
    """The stage that finds out who asks."""

    api_cls = AuthenticationAPI
