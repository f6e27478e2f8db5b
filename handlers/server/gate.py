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
        self._open = asyncio.Event()
        self._open.set()
        self._empty = asyncio.Event()
        self._writing = asyncio.Lock()

    def begin(self, scope: Scope) -> None:
        """Mark a request with the current generation."""
        Request.of(scope).generation = self.generation

    def is_current(self, scope: Scope) -> bool:
        """Return whether there was no reset since the request arrived."""
        return Request.of(scope).generation == self.generation

    async def within(self, scope: Scope, function: Callable[..., Awaitable[Any]], arguments: dict[str, Any]) -> Any:
        """Call a handler as a reader; after a reset since its arrival, authenticate the request again first."""
        while not self._open.is_set():
            await self._open.wait()
        self._inside += 1
        try:
            if not self.is_current(scope):
                self.begin(scope)
                arguments["account_sid"] = Request.of(scope).account_sid = await self._authenticate(scope)
            return await function(**arguments)
        finally:
            self._leave()

    @asynccontextmanager
    async def shared(self) -> AsyncIterator[None]:
        """Let no reset begin while the block lasts."""
        await self._open.wait()
        self._inside += 1
        try:
            yield
        finally:
            self._leave()

    def _leave(self) -> None:
        self._inside -= 1
        if not self._inside:
            self._empty.set()

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Hold the lock as the writer: wait for requests inside to finish, and admit none while the block lasts."""
        async with self._writing:
            self._open.clear()
            try:
                while self._inside:
                    self._empty.clear()
                    await self._empty.wait()
                yield
                self.generation += 1
            finally:
                self._open.set()
