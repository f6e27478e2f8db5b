"""Rounds of kills: of the service, which is then started again, and of its PostgreSQL, which the service outlives."""

import asyncio
import json
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from ...support import raw
from ...support.answers import operations
from ...support.running import Service
from ..bench.contending import free_port
from ..worlds import AUTH, SERVICE
from .clients import AWAY, Client
from .ledger import Ledger

CONNECTIONS = 64

_LIVES = (0.0, 0.25)
"""Seconds of load before a kill, at the least and at the most, once each client may have been answered."""

_OUTAGE = (0.0, 0.3)
"""Seconds for which a PostgreSQL stays away after a kill."""

_WRITTEN = ("registered", "updated", "deleted")
_DONE = (*_WRITTEN, "shared", "fetched", "listed", "503", "in doubt")

Say = Callable[[str], object]


class Load:
    """The clients, which continue from one round to the next, and the responses to them."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.ledger = Ledger()
        seeds = [self.chance.getrandbits(64) for _ in range(CONNECTIONS)]
        self._clients = [Client(f"client {n}", self.ledger, random.Random(each)) for n, each in enumerate(seeds)]

    @property
    def written(self) -> int:
        """How many writes were acknowledged."""
        return sum(self.ledger.answered[what] for what in _WRITTEN)

    async def run(self, url: str, during: Callable[["Load"], Any]) -> None:
        """All clients ask until what happens `during` it is over."""
        over = False
        async with asyncio.TaskGroup() as tasks:
            for client in self._clients:
                tasks.create_task(client.work(url, lambda: over))
            await during(self)
            over = True

    async def writes(self, number: int, within: float = 30.0) -> None:
        """Wait until so many more writes were acknowledged."""
        goal = self.written + number
        async with asyncio.timeout(within):
            while self.written < goal:  # noqa: ASYNC110 - the clients only count
                await asyncio.sleep(0.001)


class Round(NamedTuple):
    """What came of a round."""

    number: int
    answered: dict[str, int]
    back: float
    """Seconds from the kill until a write was acknowledged again."""
    broken: int
    """How much has not held, in all rounds so far."""

    def __str__(self) -> str:
        done = ", ".join(f"{number:,} {what}" for what, number in self.answered.items())
        return f"round {self.number}: {done}; back after {self.back:.2f} s; {self.broken} did not hold"


def of_service(database: Any, rounds: int, seed: int = 1, say: Say = str) -> Load:
    """Kill the service so many times, and start it again each time."""
    load, killed = Load(seed), time.monotonic()
    for number in range(1, rounds + 1):
        before = load.ledger.answered.copy()
        with serving(database) as service:
            _settle(load, service.url)
            back = time.monotonic() - killed
            asyncio.run(load.run(service.url, lambda each, service=service: _live_and_kill(each, service)))
        killed = time.monotonic()
        say(str(Round(number, _since(before, load), back, len(load.ledger.broken))))
    with serving(database) as service:
        _settle(load, service.url)
    load.ledger.broken += database.problems()
    return load


async def _live_and_kill(load: Load, service: Service) -> None:
    await load.writes(CONNECTIONS)
    await asyncio.sleep(load.chance.uniform(*_LIVES))
    service.kill()


def of_postgresql(database: Any, rounds: int, seed: int = 1, say: Say = str) -> Load:
    """Kill PostgreSQL so many times, and start it again each time; the service stays as it is."""
    load = Load(seed)
    with serving(database) as service:
        for number in range(1, rounds + 1):
            before, times = load.ledger.answered.copy(), []
            asyncio.run(load.run(service.url, lambda each, times=times: _kill_database(each, database, times)))
            _settle(load, service.url)
            load.ledger.broken += database.problems()
            say(str(Round(number, _since(before, load), *times, len(load.ledger.broken))))
        assert service.returncode is None
    return load


async def _kill_database(load: Load, database: Any, times: list[float]) -> None:
    await load.writes(CONNECTIONS)
    await asyncio.sleep(load.chance.uniform(*_LIVES))
    await asyncio.to_thread(database.server.kill)
    killed = time.monotonic()
    await asyncio.sleep(load.chance.uniform(*_OUTAGE))
    await asyncio.to_thread(database.server.start)
    await load.writes(1)
    times.append(time.monotonic() - killed)
    await load.writes(CONNECTIONS)


@contextmanager
def serving(database: Any) -> Iterator[Service]:
    """A service on a database."""
    port = free_port()
    arguments = ["serve", "--port", port, "--database", database.locator, "--no-docs", "--log-level", "error"]
    with Service(Path(), arguments=arguments, port=port) as service:
        yield service


def _since(before: dict[str, int], load: Load) -> dict[str, int]:
    return {what: load.ledger.answered[what] - before[what] for what in _DONE}


def _settle(load: Load, url: str) -> None:
    load.ledger.settle(_shown(url))


def _shown(url: str) -> Sequence[dict[str, Any]]:
    """All Bindings, by walking the list."""
    target: str | None = f"{operations()['listBindings'].path(ServiceSid=SERVICE)}?PageSize=1000"
    found: list[dict[str, Any]] = []
    while target:
        answer = raw.ask(url, "GET", target, [("Authorization", raw.basic(*AUTH))])
        assert answer.status != AWAY, "it is still away"
        page = json.loads(answer.content)
        found += page["bindings"]
        target = (page["meta"]["next_page_url"] or "").removeprefix(url)
    return found
