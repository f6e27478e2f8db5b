"""The state of `serve --control`, which its operations read and change."""

import asyncio
from collections.abc import Callable
from tempfile import TemporaryFile
from typing import BinaryIO

from ...spec import CONTROL as SPEC
from ...spec import component
from ...storage.copying import Counts
from ...storage.engines import administration, kept
from ...storage.interface import ServiceRow
from ...world.exporter import export
from ...world.loader import load
from ..faults.injector import Injector
from ..gate import Gate
from ..settings import Control
from .journal import Journal

_MOST_SERVICES: int = component("schemas", "Summary", SPEC)["properties"]["services"]["maxItems"]


class ControlState:
    """The kept world, the gate, the journal and the faults of a service."""

    def __init__(
        self, control: Control, database: str, gate: Gate, injector: Injector, forget: Callable[[], None]
    ) -> None:
        """Call `forget` at a reset: it empties the cache of credentials."""
        self.gate = gate
        self.journal = Journal(control.journal)
        self.injector = injector
        self._locator = database
        self._kept = kept(database)
        self._forget = forget
        self._changing = asyncio.Lock()

    async def open(self) -> None:
        """Keep a copy of the database, for resets."""
        await asyncio.to_thread(self._kept.keep)

    async def close(self) -> None:
        await asyncio.to_thread(self._kept.close)

    async def world(self) -> bytes:
        """Export the database's world as JSON bytes."""
        return await asyncio.to_thread(self._export)

    async def summary(self) -> tuple[Counts, list[tuple[ServiceRow, int]]]:
        """Count what the database holds: all of it, and the Bindings of the first services."""
        async with self.gate.shared():
            return await asyncio.to_thread(self._count)

    async def replace(self, file: BinaryIO) -> Counts:
        """Replace the database's content by a world, whole or not at all. Raises `WorldError`."""
        async with self._changing:
            counts = await asyncio.to_thread(self._load, file)
            await self._put_back()
        return counts

    async def reset(self) -> None:
        """Return to the state of start-up, or of the last `replace`."""
        async with self._changing:
            await self._put_back()

    async def _put_back(self) -> None:
        async with self.gate.alone():
            await asyncio.to_thread(self._kept.put_back)
            self._forget()
            self.injector.reset()
            self.journal.restart()

    def _export(self) -> bytes:
        with TemporaryFile() as file, administration(self._locator) as database, database.snapshot():
            export(database, file)
            file.seek(0)
            return file.read()

    def _count(self) -> tuple[Counts, list[tuple[ServiceRow, int]]]:
        with administration(self._locator) as database, database.snapshot():
            services = [*database.services()]
            counts = Counts(
                accounts=len([*database.accounts()]),
                keys=len([*database.keys()]),
                services=len(services),
                bindings=database.count_bindings(),
            )
            return counts, [(row, database.count_bindings(row.sid)) for row in services[:_MOST_SERVICES]]

    def _load(self, file: BinaryIO) -> Counts:
        with self._kept.replace() as loader:
            return load(loader, file, lambda _: None, replace=False)
