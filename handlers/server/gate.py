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
        self._is_open = True
        self._opened = asyncio.Event()
        self._opened.set()
        self._empty = asyncio.Event()
        self._writing = asyncio.Lock()

    def begin(self, request: Request) -> None:
        """Note that a request arrived before the next reset."""
        request.generation = self.generation

    def is_current(self, request: Request) -> bool:
        """Whether there was no reset since the request arrived."""
        return request.generation == self.generation

    def enter(self, request: Request) -> bool:
        """Pass at once, where that may be: `leave` follows. It costs a request less than `within`."""
        if self._is_open and request.generation == self.generation:
            self._inside += 1
            return True
        return False

    async def within(self, scope: Scope, function: Callable[..., Awaitable[Any]], arguments: dict[str, Any]) -> Any:
        """Call a handler, whose credentials are checked again where there was a reset since the request arrived."""
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
        """Let no request in while the block lasts, which begins when those inside have finished."""
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
