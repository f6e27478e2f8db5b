"""Kill a service while it is called, again and again: `make kills`.

64 connections register, register again, delete, fetch and list as fast as they are answered; `kill -9` ends the
service, or its PostgreSQL, in the midst of it. After each round every write that was acknowledged must hold, nothing
may be there twice, and the database must be whole. What was sent and not answered may have been done or not.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from .clients import Clients, show
from .engines import ENGINES, serving
from .figures import publish, say, table

CONNECTIONS = 64

_WEIGHTS = {"register": 30, "again": 15, "delete": 28, "fetch": 12, "list": 10, "share": 5}

_LIVES = (0.0, 0.25)
"""Seconds of load before a kill, at the least and at the most, once each client may have been answered."""

_OUTAGE = (0.0, 0.3)
"""Seconds for which a PostgreSQL stays away after a kill."""

_WRITTEN = ("registered", "updated", "deleted")
_DONE = (*_WRITTEN, "shared", "fetched", "listed", "503", "in doubt")


class Load(Clients):
    """The clients, which continue from one round to the next."""

    def __init__(self) -> None:
        super().__init__(CONNECTIONS, _WEIGHTS)

    @property
    def written(self) -> int:
        """The number of acknowledged writes."""
        return sum(self.ledger.answered[what] for what in _WRITTEN)

    def run(self, url: str, during: Callable[[], Awaitable[object]]) -> None:
        """Run all clients while something happens, and compare the ledger with the service's content."""
        over = False

        async def due() -> float | None:
            return None if over else time.perf_counter()

        async def run() -> None:
            nonlocal over
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self.work(url, due, bears=(OSError, asyncio.IncompleteReadError)))
                await self.writes(CONNECTIONS)
                await asyncio.sleep(self.chance.uniform(*_LIVES))
                await during()
                over = True

        asyncio.run(run())

    async def writes(self, number: int, within: float = 30.0) -> None:
        """Wait until so many more writes were acknowledged."""
        goal = self.written + number
        async with asyncio.timeout(within):
            while self.written < goal:  # noqa: ASYNC110 - the clients only count
                await asyncio.sleep(0.001)


def kill_service(database: Any, rounds: int) -> Load:
    """Kill the service so many times, and start it again each time."""
    load = Load()
    for number in range(rounds + 1):
        with serving(database) as service:
            load.ledger.settle(show(service.url))
            _say(number, load)
            if number < rounds:
                load.run(service.url, lambda service=service: asyncio.to_thread(service.kill))
    load.ledger.broken += database.problems()
    return load


def kill_postgresql(database: Any, rounds: int) -> Load:
    """Kill PostgreSQL so many times, and start it again each time; the service stays as it is."""
    load = Load()

    async def kill() -> None:
        await asyncio.to_thread(database.server.kill)
        await asyncio.sleep(load.chance.uniform(*_OUTAGE))
        await asyncio.to_thread(database.server.start)
        await load.writes(1 + CONNECTIONS)

    with serving(database) as service:
        for number in range(rounds):
            load.run(service.url, kill)
            load.ledger.settle(show(service.url))
            load.ledger.broken += database.problems()
            _say(number + 1, load)
        assert service.returncode is None
    return load


def _say(number: int, load: Load) -> None:
    done = ", ".join(f"{load.ledger.answered[what]:,} {what}" for what in _DONE)
    say(f"after {number} kills: {done}; {len(load.ledger.broken)} did not hold")


def main(arguments: Sequence[str] | None = None) -> int:
    """Kill it: 0 when all that was acknowledged held, else 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.load.kills", description=__doc__)
    parser.add_argument("--rounds", type=int, default=200, help="of the service, on each engine")
    parser.add_argument("--database-rounds", type=int, default=50, help="of PostgreSQL")
    parser.add_argument("--figures", action="store_true", help="write the table into the guide resilience")
    options = parser.parse_args(arguments)
    loads = {}
    for engine, databases in ENGINES.items():
        with tempfile.TemporaryDirectory(prefix="kills-") as name, databases(Path(name), []) as make:
            if options.rounds:
                kills = f"{options.rounds} of the service on {engine}"
                loads[kills] = kill_service(make(), options.rounds)
            if options.database_rounds and engine == "postgresql":
                kills = f"{options.database_rounds} of PostgreSQL"
                loads[kills] = kill_postgresql(make(), options.database_rounds)
    rows = [
        [kills, *(f"{load.ledger.answered[what]:,}" for what in _DONE), f"{len(load.ledger.broken)}"]
        for kills, load in loads.items()
    ]
    for load in loads.values():
        say(*load.ledger.broken)
    lines = [f"{CONNECTIONS} connections.", "", *table(["kills", *_DONE, "did not hold"], rows)]
    publish("resilience", "kills", lines, is_kept=options.figures)
    return 1 if any(load.ledger.broken for load in loads.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
