"""The gate: a readers-writer lock. Requests are its readers and resets its writers; a waiting writer goes first."""

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from time import perf_counter
from typing import Any

from starlette.types import Scope

from .request import Request

CLOSED = math.inf
"""The time since which a gate is open, where it is not."""


class Gate:
    """A lock that requests share and that a reset holds alone."""

    def __init__(self, authenticate: Callable[[Scope], Awaitable[str]]) -> None:
        """Use `authenticate` for requests whose credentials were checked before a reset."""
        self.since = 0.0
        """The time of the last reset: a request that arrived later may enter by adding itself to `inside`."""

        self.inside = 0
        """The number of readers. Whoever subtracts itself calls `leave` if the gate is closed."""

        self._reset = 0.0
        self._authenticate = authenticate
        self._opened = asyncio.Event()
        self._empty = asyncio.Event()
        self._writing = asyncio.Lock()

    def is_current(self, request: Request) -> bool:
        """Return whether there was no reset since the request arrived."""
        return request.arrived > self._reset

    async def within(self, scope: Scope, function: Callable[..., Awaitable[Any]], arguments: dict[str, Any]) -> Any:
        """Call a handler as a reader; after a reset since its arrival, authenticate the request again first."""
        async with self.shared():
            request = Request.of(scope)
            if not self.is_current(request):
                arguments["account_sid"] = request.account_sid = await self._authenticate(scope)
            return await function(**arguments)

    @asynccontextmanager
    async def shared(self) -> AsyncIterator[None]:
        """Let no reset begin while the block lasts."""
        while self.since == CLOSED:
            await self._opened.wait()
        self.inside += 1
        try:
            yield
        finally:
            self.inside -= 1
            self.leave()

    def leave(self) -> None:
        """Let a writer in that waits for the last reader."""
        if not self.inside:
            self._empty.set()

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Hold the lock as the writer: wait for requests inside to finish, and admit none while the block lasts."""
        async with self._writing:
            self.since = CLOSED
            self._opened.clear()
            try:
                while self.inside:
                    self._empty.clear()
                    await self._empty.wait()
                yield
                self._reset = perf_counter()
            finally:
                self.since = self._reset
                self._opened.set()
