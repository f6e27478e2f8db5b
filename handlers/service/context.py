"""What the stages find out about a request and hand to its handler by name, as Connexion does."""

from typing import Any

from connexion.middleware.abstract import RoutedMiddleware
from connexion.operations.abstract import AbstractOperation
from connexion.spec import Specification
from starlette.types import ASGIApp, Receive, Scope, Send

from .stages import CompiledStageAPI

_CONTEXT = "connexion_context"


def context_of(scope: Scope) -> dict[str, Any]:
    """The request's context: each entry goes to the handler that has a parameter of its name."""
    context: dict[str, Any] = scope.setdefault("extensions", {}).setdefault(_CONTEXT, {})
    return context


class GivenOperation:
    """Hands the same things to an operation on every request."""

    def __init__(self, next_app: ASGIApp, given: dict[str, Any]) -> None:
        self._next_app = next_app
        self._given = given

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        context_of(scope).update(self._given)
        await self._next_app(scope, receive, send)


class GivenAPI(CompiledStageAPI):
    """What the handlers of one spec are given."""

    def __init__(self, *args: Any, given: dict[str, Any], **kwargs: Any) -> None:
        self._given = given
        super().__init__(*args, **kwargs)

    def make_operation(self, operation: AbstractOperation) -> GivenOperation:
        return GivenOperation(self.following(operation), self._given)


class Given(RoutedMiddleware[GivenAPI]):
    """The stage that hands the same things to every handler."""

    api_cls = GivenAPI

    def __init__(self, app: ASGIApp, **given: object) -> None:
        super().__init__(app)
        self._given = given

    def add_api(self, specification: Specification, **kwargs: Any) -> GivenAPI:
        return super().add_api(specification, given=self._given, **kwargs)
