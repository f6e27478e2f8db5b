"""Stages: each compiles the specs' operations at start-up, and calls the next stage's operation directly."""

from abc import ABC, abstractmethod
from typing import Any

from connexion.middleware.abstract import RoutedAPI, RoutedMiddleware
from connexion.middleware.lifespan import LifespanMiddleware
from connexion.operations.abstract import AbstractOperation
from connexion.spec import Specification
from starlette.types import ASGIApp


class StageAPI(RoutedAPI[ASGIApp]):
    """The operations of one spec at one stage."""

    def __init__(self, *args: Any, stage: "Stage", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._stage = stage
        self.add_paths()

    def make_operation(self, operation: AbstractOperation) -> ASGIApp:
        return self._stage.wrap(operation, next_of(self.next_app, self.base_path, operation))


class Stage(RoutedMiddleware[StageAPI], ABC):
    """A stage between routing and the handlers. Connexion adds the specs to it, the innermost stage first."""

    api_cls = StageAPI

    def add_api(self, specification: Specification, **kwargs: Any) -> StageAPI:
        return super().add_api(specification, stage=self, **kwargs)

    @abstractmethod
    def wrap(self, operation: AbstractOperation, next_app: ASGIApp) -> ASGIApp:
        """Compile an operation to this stage's app; `next_app` is the next stage's."""


def is_control(operation: AbstractOperation) -> bool:
    """Return whether an operation is one of the control API, whose spec has a bearer token."""
    schemes = (operation.security_schemes[name] for requirement in operation.security for name in requirement)
    return any(scheme.get("scheme") == "bearer" for scheme in schemes)


def next_of(app: ASGIApp, base_path: str, operation: AbstractOperation) -> ASGIApp:
    """Find the next stage's app for an operation, at start-up and not on each request."""
    while isinstance(app, LifespanMiddleware):
        app = app.next_app
    apis = app.apis.get(base_path, ()) if isinstance(app, Stage) else ()
    found = (api.operations[operation.operation_id] for api in apis if operation.operation_id in api.operations)
    return next(found, app)
