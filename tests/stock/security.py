"""Credentials: Connexion's HTTP Basic, with the function that tells who it is."""

import hmac
from collections.abc import Callable
from typing import Any

from connexion.lifecycle import ConnexionRequest
from connexion.security import BasicSecurityHandler

from chat_bindings.storage.tokens import digest


async def account_of(user_name: str, password: str, request: ConnexionRequest) -> dict[str, str] | None:
    """Whose credentials these are; None when they are wrong.

    Connexion reads the first of several `Authorization`, and nobody can say which of them counts.
    """
    credential = await request.context["storage"].credential(user_name)
    if credential is None or len(request.headers.getlist("authorization")) != 1:
        return None
    if not hmac.compare_digest(digest(password), credential.secret_sha256):
        return None
    request.context["account_sid"] = credential.account_sid
    return {"sub": credential.account_sid}


class Basic(BasicSecurityHandler):
    """Connexion's handler for `scheme: basic`. It would have the spec name a Python function, which ours does not."""

    def get_fn(self, security_scheme: dict[str, Any], required_scopes: list[str]) -> Callable[..., Any]:
        return self._get_verify_func(account_of)
