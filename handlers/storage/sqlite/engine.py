"""`Storage` on an SQLite file."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Concatenate, NoReturn, ParamSpec, TypeVar

import apsw

from ..interface import (
    Binding,
    Credential,
    Filters,
    Page,
    Position,
    Registration,
    StorageDamaged,
    StorageUnavailable,
)
from . import moving, reading, writing
from .connection import PATIENCE, connect, erase, must_be_current, patiently, transaction

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

_CACHE_KIB = 64_000
"""KiB of pages that a worker keeps at the most. All that stand above the leaves of 10 million Bindings fit in."""

_ERASE_EVERY = 20.0
"""Seconds between erasures: what is deleted must be gone from the files within a minute, busy readers included."""

_ERASE_SOON = 2.0
"""Seconds until the next one where somebody, such as a backup, was in the way."""

_TRY_AGAIN = 0.05
"""Seconds after which to look whether they still are."""
_LOOK_EVERY = 0.25
"""Seconds between looks at whether the file is still at its path, and at writes that take too long."""


class SqliteStorage:
    """Reads and writes on the event loop, where they take microseconds, and waits for the disk in a thread."""

    def __init__(self, path: Path, binding_types: Sequence[str]) -> None:
        self._path = path
        self._binding_types = tuple(binding_types)
        self._log = path.with_name(f"{path.name}-wal")
        self.on_commit: Callable[[int], object] = writing.nobody_asks

    async def open(self) -> None:
        # the event loop never sleeps on a lock; another process that opens or closes the file right now has it locked
        self._reader = await patiently(self._connect_reader)
        self._writer = writing.Writer(await patiently(self._connect))
        self._writer.on_commit = self.on_commit
        self._tasks = [
            asyncio.create_task(self._erase_regularly()),
            asyncio.create_task(_regularly(_LOOK_EVERY, self._look)),
            asyncio.create_task(_regularly(_LOOK_EVERY, self._expire)),
        ]

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks)
        await self._erase()
        await self._writer.stop()
        moving.close(self._reader)

    async def credential(self, user_name: str) -> Credential | None:
        return await self._read(reading.credential, user_name)

    async def fetch(self, account_sid: str, service_sid: str, sid: str) -> Binding | None:
        try:
            return reading.fetch(self._reader, account_sid, service_sid, sid)
        except apsw.Error:
            return await self._read(reading.fetch, account_sid, service_sid, sid)

    async def page(
        self, account_sid: str, service_sid: str, filters: Filters, position: Position | None, size: int
    ) -> Page | None:
        return await self._read(self._page, account_sid, service_sid, filters, position, size)

    def _page(  # noqa: PLR0913, PLR0917 - those of `page`
        self,
        connection: apsw.Connection,
        account_sid: str,
        service_sid: str,
        filters: Filters,
        position: Position | None,
        size: int,
    ) -> Page | None:
        listing = reading.Listing(connection, service_sid, filters, self._binding_types)
        with transaction(connection, "DEFERRED"):
            owned = reading.owns(connection, account_sid, service_sid)
            return reading.page(listing, position, size) if owned else None

    async def register(
        self, account_sid: str, service_sid: str, registration: Registration
    ) -> tuple[Binding, bool] | None:
        write = writing.register(account_sid, service_sid, registration)
        registered: tuple[Binding, bool] | None = await self._writer.write(write)
        return registered

    async def delete(self, account_sid: str, service_sid: str, sid: str) -> bool:
        deleted: bool = await self._writer.write(writing.delete(account_sid, service_sid, sid))
        return deleted

    async def _read(self, read: Callable[Concatenate[apsw.Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return read(self._reader, *args, **kwargs)
        except apsw.Error:
            return await patiently(lambda: read(self._reader, *args, **kwargs))

    async def _erase_regularly(self) -> None:
        while True:
            erased = await self._erase()
            await asyncio.sleep(_ERASE_EVERY if erased else _ERASE_SOON)

    async def _expire(self) -> None:
        self._writer.expire()

    async def _look(self) -> None:
        if not self._reader_is_lost():
            return
        try:
            await self._open_anew()
        except (apsw.Error, StorageUnavailable) as error:
            log.debug("the database is still away: %s", error)

    def _reader_is_lost(self) -> bool:
        return moving.has_moved(self._reader) or self._reader.readonly("main")

    async def _open_anew(self) -> None:
        """Open what is at the path now, instead of what was there, or could only be read, when it was opened."""
        if moving.has_moved(self._reader):
            moving.close(self._reader)
            await self._writer.leave()
        reader, writer = self._connect_reader(), self._connect()
        must_be_current(reader)
        if reader.readonly("main") and not moving.has_moved(self._reader):
            return  # those that there are serve as well
        moving.close(self._reader)
        self._reader = reader
        await self._writer.use(writer)
        log.warning("the database was opened anew: it had moved, or was read-only")

    def _connect(self) -> apsw.Connection:
        return connect(self._path, patience=0.0)

    def _connect_reader(self) -> apsw.Connection:
        reader = self._connect()
        reader.pragma("cache_size", -_CACHE_KIB)
        return reader

    async def _erase(self) -> bool:
        # the log may hold deletes of ours, of a command, or of a process that was killed
        if not self._log.exists() or not self._log.stat().st_size:
            return True
        try:
            return await asyncio.to_thread(self._checkpoint)
        except (apsw.Error, StorageUnavailable, StorageDamaged) as error:
            log.warning("what was deleted could not be erased yet: %s", error)
            return True

    def _checkpoint(self) -> bool:
        # a connection of its own, which tries until the readers of all workers are out of the way
        connection = connect(self._path)
        deadline = time.monotonic() + PATIENCE
        try:
            while not (erased := erase(connection)) and time.monotonic() < deadline:
                time.sleep(_TRY_AGAIN)
        finally:
            connection.close()
        return erased


async def _regularly(seconds: float, do: Callable[[], Awaitable[None]]) -> NoReturn:
    while True:
        await do()
        await asyncio.sleep(seconds)
