"""`Storage` on an SQLite file."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

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
from . import reading, writing
from .connection import PATIENCE, away, connect, erase, transaction

log = logging.getLogger(__name__)

T = TypeVar("T")

_ERASE_EVERY = 20.0
"""Seconds between erasures: what is deleted must be gone from the files within a minute, busy readers included."""

_RETRY_EVERY = 0.01


class SqliteStorage:
    """Reads on the event loop, where they take microseconds, and writes in a thread, where they wait for the disk."""

    def __init__(self, path: Path, binding_types: Sequence[str]) -> None:
        self._path = path
        self._binding_types = tuple(binding_types)
        self._log = path.with_name(f"{path.name}-wal")

    async def open(self) -> None:
        # the event loop never sleeps on a lock; another process that opens or closes the file right now has it locked
        self._reader = await self._read(lambda: connect(self._path, patience=0.0))
        with away():
            self._writer = writing.Writer(connect(self._path))
        self._writer.start()
        self._eraser = asyncio.create_task(self._erase_regularly())

    async def close(self) -> None:
        self._eraser.cancel()
        with suppress(asyncio.CancelledError):
            await self._eraser
        await self._erase()
        await asyncio.to_thread(self._writer.stop)
        self._reader.close()

    async def credential(self, user_name: str) -> Credential | None:
        return await self._read(lambda: reading.credential(self._reader, user_name))

    async def fetch(self, account_sid: str, service_sid: str, sid: str) -> Binding | None:
        return await self._read(lambda: reading.fetch(self._reader, account_sid, service_sid, sid))

    async def page(
        self, account_sid: str, service_sid: str, filters: Filters, position: Position | None, size: int
    ) -> Page | None:
        def read() -> Page | None:
            listing = reading.Listing(self._reader, account_sid, service_sid, filters, self._binding_types)
            with transaction(self._reader, "DEFERRED"):
                owned = reading.owns(self._reader, account_sid, service_sid)
                return reading.page(listing, position, size) if owned else None

        return await self._read(read)

    async def register(
        self, account_sid: str, service_sid: str, registration: Registration
    ) -> tuple[Binding, bool] | None:
        registered: tuple[Binding, bool] | None = await self._write(
            writing.register(account_sid, service_sid, registration)
        )
        return registered

    async def delete(self, account_sid: str, service_sid: str, sid: str) -> bool:
        deleted: bool = await self._write(writing.delete(account_sid, service_sid, sid))
        return deleted

    async def _read(self, read: Callable[[], T]) -> T:
        deadline = 0.0
        while True:
            try:
                with away():
                    return read()
            except StorageUnavailable:
                now = time.monotonic()
                deadline = deadline or now + PATIENCE
                if now > deadline:
                    raise
            await asyncio.sleep(_RETRY_EVERY)

    async def _write(self, write: writing.Write) -> Any:
        # shielded: a client that hangs up does not undo what is queued
        return await asyncio.shield(asyncio.wrap_future(self._writer.submit(write)))

    async def _erase_regularly(self) -> None:
        while True:
            await self._erase()
            await asyncio.sleep(_ERASE_EVERY)

    async def _erase(self) -> None:
        # the log may hold deletes of ours, of a command, or of a process that was killed
        if not self._log.exists() or not self._log.stat().st_size:
            return
        try:
            await asyncio.wrap_future(self._writer.maintain(erase))
        except (apsw.Error, StorageUnavailable, StorageDamaged) as error:
            log.warning("what was deleted could not be erased yet: %s", error)
