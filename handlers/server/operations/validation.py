"""Validation: the stage that parses and validates parameters and bodies by the specs."""

from collections.abc import Awaitable

from connexion.operations.abstract import AbstractOperation
from starlette.types import ASGIApp, Receive, Scope, Send

from ..http.limits import Limits
from ..request import REQUEST
from .bodies import AnyBody, body_of
from .parameters import Parameters
from .stage import Stage


class Validation(Stage):
    """The stage of validation."""

    def __init__(self, app: ASGIApp, *, limits: Limits) -> None:
        super().__init__(app)
        self._limits = limits

    def wrap(self, operation: AbstractOperation, next_app: ASGIApp) -> ASGIApp:
        body = body_of(operation.request_body["content"], self._limits) if operation.request_body else None
        return ValidatedOperation(next_app, Parameters.compile(operation.parameters), body)


class ValidatedOperation:
    """An operation whose parameters and body become the handler's arguments."""

    def __init__(self, next_app: ASGIApp, parameters: Parameters, body: AnyBody | None) -> None:
        self._next_app = next_app
        self._parameters = parameters
        self._body = body

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        self._parameters.parse(scope, scope[REQUEST].arguments)
        if self._body is not None:
            return self._read(self._body, scope, receive, send)
        return self._next_app(scope, receive, send)

    async def _read(self, body: AnyBody, scope: Scope, receive: Receive, send: Send) -> None:
        scope[REQUEST].arguments["body"] = await body.parse(scope, receive)
        await self._next_app(scope, receive, send)
