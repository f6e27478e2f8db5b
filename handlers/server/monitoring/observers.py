"""Who looks on while requests are answered: stages and storages that are there only where they were asked for."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Protocol, TypeVar

from starlette.types import ASGIApp

from ... import periodic
from ...storage.interface import Binding, Credential, Filters, Page, Position, Registration, SharesCommits, Storage
from ..settings import Settings
from .erasures import LOOK_EVERY, Erasures
from .readiness import answering

T = TypeVar("T")


class Watch(Protocol):
    """Does what a storage does, and sees what comes of it."""

    async def __call__(self, question: str, work: Awaitable[T]) -> T:
        """`question` is the name of the storage's method."""


class WatchedStorage:
    """A storage somebody looks on."""

    def __init__(self, storage: Storage, watch: Watch) -> None:
        self._storage = storage
        self._watch = watch

    async def open(self) -> None:
        await self._storage.open()

    async def close(self) -> None:
        await self._storage.close()

    async def credential(self, user_name: str) -> Credential | None:
        return await self._watch("credential", self._storage.credential(user_name))

    async def fetch(self, account_sid: str, service_sid: str, sid: str) -> Binding | None:
        return await self._watch("fetch", self._storage.fetch(account_sid, service_sid, sid))

    async def page(
        self, account_sid: str, service_sid: str, filters: Filters, position: Position | None, size: int
    ) -> Page | None:
        return await self._watch("page", self._storage.page(account_sid, service_sid, filters, position, size))

    async def register(
        self, account_sid: str, service_sid: str, registration: Registration
    ) -> tuple[Binding, bool] | None:
        return await self._watch("register", self._storage.register(account_sid, service_sid, registration))

    async def delete(self, account_sid: str, service_sid: str, sid: str) -> bool:
        return await self._watch("delete", self._storage.delete(account_sid, service_sid, sid))

    async def erased_at(self) -> str:
        return await self._storage.erased_at()


class Watching:
    """All that looks on at a worker, as its settings ask for it; by default nobody does."""

    def __init__(self, settings: Settings) -> None:
        self.stages: list[Callable[[ASGIApp], ASGIApp]] = []
        """Stages that stand before all others."""

        self._watches: list[Watch] = []
        self._on_commit: Callable[[int], object] | None = None
        self._on_erasure: Callable[[float], object] = float
        self._last: list[Callable[[], Awaitable[None]]] = []
        self._asked: Storage | None = None
        self._folder = settings.monitoring.folder
        if settings.monitoring.tracing:
            from .tracing import Traced, Tracing

            tracing = Tracing("sqlite" if settings.database.startswith("sqlite:") else "postgresql")
            self.stages.append(partial(Traced, tracing=tracing))
            self._watches.append(tracing.watch)
            self._last.append(tracing.end)
        if self._folder is not None:
            from .metering import Metering
            from .metrics import Metrics

            metrics = Metrics()
            self.stages.append(partial(Metering, metrics=metrics))
            self._watches.append(metrics.watch)
            self._on_commit = metrics.commits.observe
            self._on_erasure = metrics.erased.set

    def storage(self, storage: Storage) -> Storage:
        """A storage that is looked on; itself where nobody does."""
        self._asked = storage
        if self._on_commit is not None and isinstance(storage, SharesCommits):
            storage.on_commit = self._on_commit
        for watch in self._watches:
            storage = WatchedStorage(storage, watch)
        return storage

    @asynccontextmanager
    async def ready(self) -> AsyncIterator[None]:
        """While the block lasts the worker is ready, and tells whoever monitors it."""
        async with AsyncExitStack() as stack:
            for end in self._last:
                stack.push_async_callback(end)
            if self._asked is not None:
                look = periodic.start(
                    "look at the last erasure", LOOK_EVERY, Erasures(self._asked, self._on_erasure).look
                )
                stack.push_async_callback(periodic.stop, [look])
                if self._folder is not None:
                    await stack.enter_async_context(answering(self._folder, self._asked))
            yield
