"""Stages whose operations are compiled at start-up and hand a request straight to one another."""

from typing import Any

from connexion.middleware.abstract import RoutedAPI, RoutedMiddleware
from connexion.middleware.lifespan import LifespanMiddleware
from connexion.operations.abstract import AbstractOperation
from starlette.types import ASGIApp


def following(next_app: ASGIApp, base_path: str, operation: AbstractOperation) -> ASGIApp:
    """What an operation goes on to: the same operation of the next stage, found once and not on each request.

    Connexion adds a spec to the inner stages first, so the next one has it already.
    """
    while isinstance(next_app, LifespanMiddleware):
        next_app = next_app.next_app
    apis = next_app.apis.get(base_path, ()) if isinstance(next_app, RoutedMiddleware) else ()
    found = (api.operations[operation.operation_id] for api in apis if operation.operation_id in api.operations)
    return next(found, next_app)


class CompiledStageAPI(RoutedAPI[ASGIApp]):
    """The operations of one spec at one stage."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.add_paths()

    def following(self, operation: AbstractOperation) -> ASGIApp:
        """What an operation of this stage goes on to."""
        return following(self.next_app, self.base_path, operation)
