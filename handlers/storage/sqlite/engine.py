"""`Storage` on an SQLite file."""

import asyncio
import logging
import os
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

import apsw

from ... import periodic
from ..interface import Binding, Credential, Filters, Page, Position, Registration, StorageDamaged, StorageUnavailable
from ..rows import ERASED_AT
from . import reading, writing
from .connection import LOCK_TIMEOUT, RETRY_EVERY, closed, connect, retry, schema, storage_errors, truncate_log
from .erasure import describe_readers
from .moved_file import Inode, Place

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

_CACHE_KIB = 64_000
"""KiB of pages that a worker caches at the most: all inner pages of 10 million Bindings."""

_CHECKPOINT_EVERY = 20.0
"""Seconds between checkpoints, each of which truncates the write-ahead log."""

_CHECKPOINT_SOON = 2.0
"""Seconds until the next one if another process, such as a backup, prevented it."""

_CHECKPOINT_PAGES = 4000
"""Pages of the log after which a commit makes a checkpoint. With SQLite's 1,000 each 200th write waits for it."""

_SAY_AFTER = 30.0
"""Seconds without a checkpoint after which, and between which, a log line names the processes that prevent it."""

_LOOK_EVERY = 0.25
"""Seconds between checks of the file's path, and of the age of writes."""


class SqliteStorage:
    """Reads and writes on the event loop, in microseconds; waits for locks and for the disk in threads."""

    def __init__(self, path: Path, binding_types: Sequence[str], on_commit: Callable[[int], object] = int) -> None:
        self._place = Place(path.absolute())
        self._binding_types = tuple(binding_types)
        self._on_commit = on_commit

    async def open(self) -> None:
        self._reader = closed()
        self._checkpointed = self._said = time.monotonic()
        self._writer = writing.Writer(self._place, self._on_commit)
        try:
            await self._use(*await asyncio.to_thread(self._connect_first))
        except (StorageUnavailable, StorageDamaged) as error:
            log.warning("database unavailable, it is opened when it is back: %s", error)
        self._tasks = [
            periodic.start("checkpoint", _CHECKPOINT_EVERY, self._checkpoint),
            periodic.start("look after the database file", _LOOK_EVERY, self._look),
            periodic.start("expire writes", _LOOK_EVERY, self._writer.expire),
        ]

    async def close(self) -> None:
        await periodic.stop(self._tasks)
        await self._checkpoint()
        await self._writer.stop()
        self._place.close(self._reader)

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
        runs = filters.runs(self._binding_types)
        return await self._read(reading.page, account_sid, service_sid, runs, position, size)

    async def register(
        self, account_sid: str, service_sid: str, registration: Registration
    ) -> tuple[Binding, bool] | None:
        write = writing.register(account_sid, service_sid, registration)
        registered: tuple[Binding, bool] | None = await self._writer.write(write)
        return registered

    async def delete(self, account_sid: str, service_sid: str, sid: str) -> bool:
        deleted: bool = await self._writer.write(writing.delete(account_sid, service_sid, sid))
        return deleted

    async def erased_at(self) -> str:
        return await self._read(lambda reader: str(reader.execute(ERASED_AT).get))

    async def _read(self, read: Callable[Concatenate[apsw.Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return read(self._reader, *args, **kwargs)
        except apsw.Error:
            return await retry(lambda: read(self._reader, *args, **kwargs))

    async def _look(self) -> None:
        """Open the file at the path if it is another one than before, or was read-only."""
        holds = self._place.holds()
        if holds and not self._reader.readonly("main"):
            return
        try:
            if not holds:
                self._place.opened = None
                self._place.close(self._reader)
                await self._writer.leave()
            reader, writer, inode = await asyncio.to_thread(self._connect)
            if holds and reader.readonly("main") and reader.open_flags == self._reader.open_flags:
                return  # nothing has changed
            await self._use(reader, writer, inode)
        except (StorageUnavailable, StorageDamaged, apsw.Error) as error:
            log.debug("database unavailable: %s", error)
        else:
            log.warning("database opened again: it was unavailable, had moved, or was read-only")

    async def _use(self, reader: apsw.Connection, writer: apsw.Connection, inode: Inode) -> None:
        self._place.close(self._reader)
        self._reader = reader
        await self._writer.use(writer)
        self._place.opened = inode

    def _connect_first(self) -> tuple[apsw.Connection, apsw.Connection, Inode]:
        # processes that open and close the file at the same moment lock it for each other
        deadline = time.monotonic() + LOCK_TIMEOUT
        while True:
            try:
                return self._connect()
            except StorageUnavailable as error:
                is_locked = isinstance(error.__cause__, (apsw.BusyError, apsw.ProtocolError))
                if not is_locked or time.monotonic() > deadline:
                    raise
                time.sleep(RETRY_EVERY)

    def _connect(self) -> tuple[apsw.Connection, apsw.Connection, Inode]:
        inode = self._place.inode()
        with storage_errors():
            reader, writer = connect(self._place.path, on_event_loop=True), connect(self._place.path)
            if not schema(reader).current:
                raise StorageUnavailable("the file at its path holds no data of this version")
            reader.pragma("cache_size", -_CACHE_KIB)
            writer.set_busy_handler(_Retry())
            writer.pragma("wal_autocheckpoint", _CHECKPOINT_PAGES)
        if inode is None or self._place.inode() != inode:
            raise StorageUnavailable("the file at the path has just changed")
        return reader, writer, inode

    async def _checkpoint(self) -> float | None:
        try:
            if not await asyncio.to_thread(self._truncate_log):
                self._say_who_reads()
                return _CHECKPOINT_SOON
        except (apsw.Error, StorageUnavailable, StorageDamaged) as error:
            log.warning("the write-ahead log could not be truncated: %s", error)
        except FileNotFoundError:  # of no log, or of no database
            pass
        self._checkpointed = self._said = time.monotonic()
        return None

    def _say_who_reads(self) -> None:
        now = time.monotonic()
        if now - self._said >= _SAY_AFTER:
            message = "no checkpoint for %.0f seconds: %s reads an older state of the database, and deleted data stays"
            log.warning(message, now - self._checkpointed, describe_readers(self._place.path))
            self._said = now

    def _truncate_log(self) -> bool:
        # the log may hold pages of ours, of a command, or of a process that was killed
        if not os.path.getsize(f"{os.path.realpath(self._place.path)}-wal"):  # noqa: PTH202 - SQLite's name
            return True
        # a connection of its own, which tries until the readers of all workers are out of the way
        with closing(connect(self._place.path)) as connection:
            return connection.readonly("main") or truncate_log(connection, LOCK_TIMEOUT)


class _Retry:
    """Waits for a lock that another process holds. SQLite's own waits grow to 100 ms, and starve a busy worker."""

    _deadline = 0.0

    def __call__(self, attempts: int) -> bool:
        """Wait a little. Return False past `LOCK_TIMEOUT`, by the clock: a busy machine makes each wait longer."""
        if not attempts:
            self._deadline = time.monotonic() + LOCK_TIMEOUT
        time.sleep(RETRY_EVERY)
        return time.monotonic() < self._deadline
