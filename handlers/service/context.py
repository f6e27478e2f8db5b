"""What the stages find out about a request and hand to its handler by name, as Connexion does."""

from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

_CONTEXT = "connexion_context"


def context_of(scope: Scope) -> dict[str, Any]:
    """The request's context: each entry goes to the handler that has a parameter of its name."""
    context: dict[str, Any] = scope.setdefault("extensions", {}).setdefault(_CONTEXT, {})
    return context


class Given:
    """The stage that hands the same things to every handler."""

    def __init__(self, app: ASGIApp, **given: object) -> None:
        self.app = app
        self._given = given

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            context_of(scope).update(self._given)
        await self.app(scope, receive, send)
