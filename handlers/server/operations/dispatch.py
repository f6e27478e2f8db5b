"""Dispatch: the innermost stage, which calls the handlers and sends what they return."""

import asyncio
import inspect
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Iterable, Mapping
from contextlib import aclosing
from typing import Any

import orjson
from connexion.decorators.parameter import pythonic
from connexion.operations.abstract import AbstractOperation
from starlette.types import ASGIApp, Receive, Scope, Send

from ..errors import ApiError, json_headers, no_store
from ..gate import CLOSED, Gate
from ..request import REQUEST, Request
from .bodies import JSON
from .stage import Stage, is_control

Provider = Callable[[Scope], Any]
"""Makes a handler's argument for a request."""

Providers = Iterable[tuple[str, Provider]]


class Dispatch(Stage):
    """The stage of the handlers."""

    def __init__(self, providers: Mapping[str, Provider], gate: Gate | None = None) -> None:
        """Use `providers` for arguments that are no parameters; a handler gets those that its signature names."""
        super().__init__(_not_found)
        self._providers = providers
        self._gate = gate

    def wrap(self, operation: AbstractOperation, next_app: ASGIApp) -> ASGIApp:  # noqa: ARG002 - there is none
        given = {pythonic(each["name"]) for each in operation.parameters}
        names = inspect.signature(operation.function).parameters.keys() - given
        providers = tuple((name, provide) for name, provide in self._providers.items() if name in names)
        if media_type := _stream_type(operation):
            return StreamedOperation(operation.function, providers, media_type)
        return HandledOperation(operation.function, providers, None if is_control(operation) else self._gate)


def _stream_type(operation: AbstractOperation) -> str | None:
    """Return the media type of the answer, where it is no JSON: a handler then yields its parts."""
    media_types = operation.responses.get("200", {}).get("content", {JSON: None})
    return next((name for name in media_types if name != JSON), None)


class HandledOperation:
    """Calls a handler, which returns a body, or a body and a status. None is no body, with status 204."""

    def __init__(self, function: Callable[..., Awaitable[Any]], providers: Providers, gate: Gate | None) -> None:
        self._function = function
        self._providers = providers
        self._gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - an ASGI app
        request: Request = scope[REQUEST]
        arguments = request.arguments
        for name, provide in self._providers:
            arguments[name] = provide(scope)
        gate = self._gate
        if gate is None:
            result = await self._function(**arguments)
        elif request.arrived > gate.since:  # `gate.within`, without its calls
            gate.inside += 1
            try:
                result = await self._function(**arguments)
            finally:
                gate.inside -= 1
                if gate.since == CLOSED:
                    gate.leave()
        else:
            result = await gate.within(scope, self._function, arguments)
        body, status = result if isinstance(result, tuple) else (result, 204 if result is None else 200)
        content = b"" if body is None else orjson.dumps(body)
        headers = [] if body is None else json_headers(content)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})


class StreamedOperation:
    """Calls a handler that yields the parts of a body; the first one comes before the head is sent."""

    def __init__(
        self, function: Callable[..., Awaitable[AsyncGenerator[bytes]]], providers: Providers, media_type: str
    ) -> None:
        self._function = function
        self._providers = providers
        self._headers = [(b"content-type", media_type.encode()), no_store()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        arguments = scope[REQUEST].arguments
        for name, provide in self._providers:
            arguments[name] = provide(scope)
        async with aclosing(await self._function(**arguments)) as parts:
            first = await anext(parts)
            await send({"type": "http.response.start", "status": 200, "headers": self._headers})
            await send({"type": "http.response.body", "body": first, "more_body": True})
            if scope["method"] != "HEAD":
                await _until_it_hangs_up(receive, self._send(parts, send))
            await send({"type": "http.response.body", "body": b""})

    async def _send(self, parts: AsyncGenerator[bytes], send: Send) -> None:
        async for part in parts:
            await send({"type": "http.response.body", "body": part, "more_body": True})


async def _until_it_hangs_up(receive: Receive, sending: Coroutine[Any, Any, None]) -> None:
    """Send until all is sent, or the client hangs up."""

    async def hang_up() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    tasks = {asyncio.ensure_future(sending), asyncio.ensure_future(hang_up())}
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()


async def _not_found(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001 - an ASGI app
    raise ApiError("not_found")
