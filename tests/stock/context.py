"""What handlers are given beside their parameters, in the context from which Connexion hands it to them."""

from collections.abc import Callable
from typing import Any

from connexion.lifecycle import ConnexionRequest
from connexion.middleware.abstract import ROUTING_CONTEXT
from starlette.types import ASGIApp, Receive, Scope, Send


class Given:
    """Gives a request what a function says of it."""

    def __init__(self, app: ASGIApp, *, given: Callable[[Scope], dict[str, Any]]) -> None:
        self.app = app
        self._given = given

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["extensions"][ROUTING_CONTEXT]["operation_id"]:
            ConnexionRequest(scope).context.update(self._given(scope))
        await self.app(scope, receive, send)
