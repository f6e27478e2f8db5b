"""Dispatch: the innermost stage, which calls the handlers and sends what they return."""

import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import orjson
from connexion.operations.abstract import AbstractOperation
from starlette.types import ASGIApp, Receive, Scope, Send

from ..errors import ApiError, json_headers
from ..gate import Gate
from ..request import Request
from .stage import Stage, is_control

Provider = Callable[[Scope], Any]
"""Makes a handler's argument for a request."""


class Dispatch(Stage):
    """The stage of the handlers."""

    def __init__(self, providers: Mapping[str, Provider], gate: Gate | None = None) -> None:
        """Use `providers` for arguments that are no parameters; a handler gets those that its signature names."""
        super().__init__(_not_found)
        self._providers = providers
        self._gate = gate

    def wrap(self, operation: AbstractOperation, next_app: ASGIApp) -> ASGIApp:  # noqa: ARG002 - there is none
        return HandledOperation(operation.function, self._providers, None if is_control(operation) else self._gate)


class HandledOperation:
    """Calls a handler, which returns a body, or a body and a status. None is no body, with status 204."""

    def __init__(
        self, function: Callable[..., Awaitable[Any]], providers: Mapping[str, Provider], gate: Gate | None
    ) -> None:
        names = inspect.signature(function).parameters
        self._function = function
        self._providers = tuple((name, provide) for name, provide in providers.items() if name in names)
        self._gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - an ASGI app
        arguments = Request.of(scope).arguments
        for name, provide in self._providers:
            arguments[name] = provide(scope)
        if self._gate is None:
            result = await self._function(**arguments)
        else:
            result = await self._gate.within(scope, self._function, arguments)
        body, status = result if isinstance(result, tuple) else (result, 204 if result is None else 200)
        content = b"" if body is None else orjson.dumps(body)
        headers = [] if body is None else json_headers(content)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})


async def _not_found(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001 - an ASGI app
    raise ApiError("not_found")
