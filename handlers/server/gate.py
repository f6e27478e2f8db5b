"""The gate: a readers-writer lock. Requests are its readers and resets its writers; a waiting writer goes first."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from starlette.types import Scope

from .request import Request


class Gate:
    """A lock that requests share and that a reset holds alone."""

    def __init__(self, authenticate: Callable[[Scope], Awaitable[str]]) -> None:
        """Use `authenticate` for requests whose credentials were checked before a reset."""
        self.generation = 0
        """The number of resets so far."""

        self._authenticate = authenticate
        self._inside = 0
        self._is_open = True
        self._opened = asyncio.Event()
        self._opened.set()
        self._empty = asyncio.Event()
        self._writing = asyncio.Lock()

    def begin(self, request: Request) -> None:
        """Mark a request with the current generation."""
        request.generation = self.generation

    def is_current(self, request: Request) -> bool:
        """Return whether there was no reset since the request arrived."""
        return request.generation == self.generation

    def enter(self, request: Request) -> bool:
        """Enter as a reader, where that takes no waiting; `leave` follows. `within` costs a request more."""
        if self._is_open and request.generation == self.generation:
            self._inside += 1
            return True
        return False

    async def within(self, scope: Scope, function: Callable[..., Awaitable[Any]], arguments: dict[str, Any]) -> Any:
        """Call a handler as a reader; after a reset since its arrival, authenticate the request again first."""
        async with self.shared():
            request = Request.of(scope)
            if not self.is_current(request):
                self.begin(request)
                arguments["account_sid"] = request.account_sid = await self._authenticate(scope)
            return await function(**arguments)

    @asynccontextmanager
    async def shared(self) -> AsyncIterator[None]:
        """Let no reset begin while the block lasts."""
        while not self._is_open:
            await self._opened.wait()
        self._inside += 1
        try:
            yield
        finally:
            self.leave()

    def leave(self) -> None:
        """Undo `enter`."""
        self._inside -= 1
        if not self._inside:
            self._empty.set()

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Hold the lock as the writer: wait for requests inside to finish, and admit none while the block lasts."""
        async with self._writing:
            self._is_open = False
            self._opened.clear()
            try:
                while self._inside:
                    self._empty.clear()
                    await self._empty.wait()
                yield
                self.generation += 1
            finally:
                self._is_open = True
                self._opened.set()
