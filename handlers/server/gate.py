"""The gate: a readers-writer lock between requests and resets.

Requests of the contract and of registration pass it as readers, resets as writers. A waiting writer goes first.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from starlette.types import Scope

from .request import Request


class Gate:
    """Lets requests pass one another, and resets nothing at all."""

    def __init__(self, authenticate: Callable[[Scope], Awaitable[str]]) -> None:
        """`authenticate` gives the account of a request whose credentials were checked before a reset."""
        self.generation = 0
        """The number of resets so far."""

        self._authenticate = authenticate
        self._inside = 0
        self._open = asyncio.Event()
        self._open.set()
        self._empty = asyncio.Event()
        self._writing = asyncio.Lock()

    def begin(self, scope: Scope) -> None:
        """Note that a request arrived before the next reset."""
        Request.of(scope).generation = self.generation

    def is_current(self, scope: Scope) -> bool:
        """Whether there was no reset since the request arrived."""
        return Request.of(scope).generation == self.generation

    async def within(self, scope: Scope, function: Callable[..., Awaitable[Any]], arguments: dict[str, Any]) -> Any:
        """Call a handler, whose credentials are checked again where there was a reset since the request arrived."""
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
        """Let no request in while the block lasts, which begins when those inside have finished."""
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
