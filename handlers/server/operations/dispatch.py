"""Operations, compiled from the specs at start-up: a request is validated and handled with nothing looked up."""

import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import orjson
from connexion.apps.abstract import AbstractApp
from connexion.apps.asynchronous import AsyncApi, AsyncApp, AsyncASGIApp
from connexion.middleware.abstract import RoutedMiddleware
from connexion.operations.abstract import AbstractOperation
from connexion.spec import Specification
from starlette.types import ASGIApp, Receive, Scope, Send

from ..control.gate import Gate
from ..errors import no_store
from ..http.limits import Limits
from ..request import FOUND_OUT, arguments_of
from .bodies import AnyBody, body_of
from .parameters import Parameters
from .stage import CompiledStageAPI


class ValidatedOperation:
    """Parses and checks a request's parameters and body: arguments for the handler."""

    def __init__(self, next_app: ASGIApp, operation: AbstractOperation, limits: Limits) -> None:
        self._next_app = next_app
        self._parameters = Parameters.compile(operation.parameters)
        self._body = body_of(operation.request_body["content"], limits) if operation.request_body else None

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        self._parameters.parse(scope, arguments_of(scope))
        if self._body is not None:
            return self._read(self._body, scope, receive, send)
        return self._next_app(scope, receive, send)

    async def _read(self, body: AnyBody, scope: Scope, receive: Receive, send: Send) -> None:
        arguments_of(scope)["body"] = await body.parse(scope, receive)
        await self._next_app(scope, receive, send)


class ValidationAPI(CompiledStageAPI):
    """The parameters and bodies of one spec."""

    def __init__(self, *args: Any, limits: Limits, **kwargs: Any) -> None:
        self._limits = limits
        super().__init__(*args, **kwargs)

    def make_operation(self, operation: AbstractOperation) -> ValidatedOperation:
        return ValidatedOperation(self.following(operation), operation, self._limits)


class Validation(RoutedMiddleware[ValidationAPI]):
    """The stage that refuses what the spec does not allow."""

    api_cls = ValidationAPI

    def __init__(self, app: ASGIApp, *, limits: Limits) -> None:
        super().__init__(app)
        self._limits = limits

    def add_api(self, specification: Specification, **kwargs: Any) -> ValidationAPI:
        return super().add_api(specification, limits=self._limits, **kwargs)


class CalledOperation:
    """Calls a handler with the arguments that it has parameters for, and sends what it returns.

    A handler returns the body, or the body and a status. A body of None is none: 204. `given` are arguments that are
    the same on every request.
    """

    def __init__(self, operation: AbstractOperation, given: Mapping[str, Any], gate: Gate | None) -> None:
        names = inspect.signature(operation.function).parameters
        self._function: Callable[..., Awaitable[Any]] = operation.function
        self._given = {name: value for name, value in given.items() if name in names}
        self._gate = gate
        self._no_store = no_store()
        self._unwanted = tuple(name for name in FOUND_OUT if name not in names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - an ASGI app
        arguments = arguments_of(scope)
        arguments.update(self._given)
        for name in self._unwanted:
            arguments.pop(name, None)
        if self._gate is None:
            result = await self._function(**arguments)
        else:
            result = await self._gate.within(scope, self._function, arguments)
        body, status = result if isinstance(result, tuple) else (result, 204 if result is None else 200)
        headers = []
        content = b""
        if body is not None:
            content = orjson.dumps(body)
            length = b"%d" % len(content)
            headers = [(b"content-type", b"application/json"), (b"content-length", length), self._no_store]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})


class CompiledAPI(AsyncApi):
    """The handlers of one spec."""

    def __init__(self, *args: Any, given: Mapping[str, Any], gate: Gate | None, **kwargs: Any) -> None:
        self._given = given
        self._gate = gate
        super().__init__(*args, **kwargs)

    def make_operation(self, operation: AbstractOperation) -> CalledOperation:  # type: ignore[override]  # any ASGI app
        return CalledOperation(operation, self._given, self._gate)


class CompiledASGIApp(AsyncASGIApp):
    """The innermost stage: the handlers."""

    api_cls = CompiledAPI  # type: ignore[assignment]  # which is added with more


class CompiledApp(AsyncApp):
    """Connexion's asynchronous app with operations of ours."""

    def __init__(self, import_name: str, **options: Any) -> None:
        self._middleware_app = CompiledASGIApp()
        AbstractApp.__init__(self, import_name, **options)
