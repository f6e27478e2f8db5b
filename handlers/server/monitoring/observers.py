"""Observers: stages and storages for traces and metrics, only where the settings enable them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Protocol, TypeVar

from starlette.types import ASGIApp

from ... import periodic
from ...storage.interface import Binding, Credential, Filters, Page, Position, Registration, Storage
from .erasures import CHECK_EVERY, Erasures
from .readiness import serve_readiness
from .settings import Monitoring

T = TypeVar("T")


class Observer(Protocol):
    """Awaits calls of a storage and observes their results."""

    async def __call__(self, method: str, work: Awaitable[T]) -> T:
        """Await a call of the storage's method of this name."""


class ObservedStorage:
    """A storage whose calls are observed."""

    def __init__(self, storage: Storage, watch: Observer) -> None:
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


class Observers:
    """The observers of a worker, by its settings; none by default."""

    def __init__(self, monitoring: Monitoring, database: str) -> None:
        """Make the observers; traces name the engine of `database`, an address."""
        self.stages: list[Callable[[ASGIApp], ASGIApp]] = []
        """Stages that stand before all others."""
        self.on_commit: Callable[[int], object] = int
        """Called with the number of writes of each commit, by engines whose writes share commits."""

        self._watches: list[Observer] = []
        self._on_erasure: Callable[[float], object] = float
        self._last: list[Callable[[], Awaitable[None]]] = []
        self._observed: Storage | None = None
        self._folder = monitoring.folder
        if monitoring.tracing:
            from .tracing import Traced, Tracing

            tracing = Tracing("sqlite" if database.startswith("sqlite:") else "postgresql")
            self.stages.append(partial(Traced, tracing=tracing))
            self._watches.append(tracing.watch)
            self._last.append(tracing.end)
        if self._folder is not None:
            from .metering import Metering
            from .metrics import Metrics

            metrics = Metrics()
            self.stages.append(partial(Metering, metrics=metrics))
            self._watches.append(metrics.watch)
            self.on_commit = metrics.commits.observe
            self._on_erasure = metrics.erased.set

    def storage(self, storage: Storage) -> Storage:
        """Wrap a storage for the observers; return it as it is without any."""
        self._observed = storage
        for watch in self._watches:
            storage = ObservedStorage(storage, watch)
        return storage

    @asynccontextmanager
    async def ready(self) -> AsyncIterator[None]:
        """Report the worker as ready while the block lasts."""
        async with AsyncExitStack() as stack:
            for end in self._last:
                stack.push_async_callback(end)
            if self._observed is not None:
                erasures = Erasures(self._observed, self._on_erasure)
                task = periodic.start("check the last erasure", CHECK_EVERY, erasures.check)
                stack.push_async_callback(periodic.stop, [task])
                if self._folder is not None:
                    await stack.enter_async_context(serve_readiness(self._folder, self._observed))
            yield
