"""Load a service steadily, for long: `make soak`, or `python -m tests.load.soak --minutes 20 --engine sqlite`.

The top rate is measured for some seconds; then half of it is sent, evenly, and each window of ten seconds is printed.
A time is taken from when a request was due, so that a service that stalls cannot hide it by keeping the load waiting
(coordinated omission). When it is warm nothing may grow: memory, file handles, threads, the database's log and p99;
and no request may fail.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median, quantiles
from typing import Any, NamedTuple

import uvloop

from ..support.processes import children, resident
from ..support.running import Service
from .clients import Clients
from .engines import ENGINES, serving
from .figures import publish, say, table
from .worlds import Population

CONNECTIONS, AT_TOP = 128, 32
BINDINGS = 10_000
_TOP_SECONDS = 8.0
_TICK = 0.001
_WINDOW = 10.0
_WEIGHTS = {"fetch": 60, "list": 15, "register": 10, "again": 5, "delete": 10}


class Window(NamedTuple):
    """A window of some seconds."""

    requests: int
    p50_ms: float
    p99_ms: float
    memory_mb: float
    """The resident set of the service's processes."""
    handles: int
    threads: int
    log_mb: float
    """The database's write-ahead log."""


class Bound(NamedTuple):
    """The limit on the last third of a soak, relative to the first, once it is warm."""

    name: str
    field: str
    times: float
    more: float


MEMORY = Bound("memory, MB", "memory_mb", 1.05, 3)
HANDLES = Bound("file handles", "handles", 1, 4)
THREADS = Bound("threads", "threads", 1, 2)
LOG = Bound("log, MB", "log_mb", 1.5, 8)
P99 = Bound("p99, ms", "p99_ms", 1.5, 1)

BOUNDS = (MEMORY, HANDLES, THREADS, LOG, P99)

WARM = 0.2
"""The part of a soak that is not judged: caches fill, and connections are made."""


def compare(windows: Sequence[Window]) -> Iterator[tuple[Bound, float, float, float]]:
    """Return each bound with the medians of the first and the last third, and the limit of the last."""
    warm = windows[int(len(windows) * WARM) :]
    third = max(len(warm) // 3, 1)
    for bound in BOUNDS:
        first, last = (median(getattr(each, bound.field) for each in part) for part in (warm[:third], warm[-third:]))
        yield bound, first, last, first * bound.times + bound.more


def judge(windows: Sequence[Window], bounds: Sequence[Bound] = BOUNDS) -> list[str]:
    """Return the violations, a sentence each."""
    return [
        f"{bound.name} went from {first:.1f} to {last:.1f}, and may go to {most:.1f}"
        for bound, first, last, most in compare(windows)
        if last > most and bound in bounds
    ]


async def top_rate(clients: Clients, url: str) -> float:
    """Measure the requests a second where each of some connections sends its next request at once."""
    end = time.perf_counter() + _TOP_SECONDS

    async def due() -> float | None:
        now = time.perf_counter()
        return now if now < end else None

    await clients.work(url, due, AT_TOP)
    number = len(clients.times)
    clients.times.clear()
    return number / _TOP_SECONDS


async def load(clients: Clients, url: str, rate: float, seconds: float) -> None:
    """Send so many requests a second, evenly."""
    dues: asyncio.Queue[float | None] = asyncio.Queue()
    working = asyncio.create_task(clients.work(url, dues.get))
    started, number = time.perf_counter(), 0
    while number < rate * seconds and not working.done():
        while number < min(rate * seconds, (time.perf_counter() - started) * rate):
            dues.put_nowait(started + number / rate)
            number += 1
        await asyncio.sleep(_TICK)
    for _ in range(CONNECTIONS):
        dues.put_nowait(None)
    await working


def usage(pid: int) -> tuple[float, int, int]:
    """Return the memory in MB, the file handles and the threads of a process and those under it."""
    pids = [pid, *children(pid)]
    counts = (sum(len(list(Path(f"/proc/{each}/{what}").iterdir())) for each in pids) for what in ("fd", "task"))
    return sum(map(resident, pids)) / 1e6, *counts


async def soak(service: Service, database: Any, options: argparse.Namespace) -> tuple[float, list[Window]]:
    """Return the rate that was sent, and its windows."""
    clients = Clients(CONNECTIONS, _WEIGHTS)
    rate = options.rate or await top_rate(clients, service.url) / 2
    say(f"{options.engine}: {rate:,.0f} requests/s for {options.minutes:g} minutes")
    windows: list[Window] = []
    sending = asyncio.create_task(load(clients, service.url, rate, options.minutes * 60))
    while not sending.done():
        await asyncio.wait([sending], timeout=_WINDOW)
        times = clients.times.copy()
        clients.times.clear()
        if len(times) > 1:
            parts = quantiles(times, n=100)
            memory, handles, threads = usage(service.pid)
            log = await asyncio.to_thread(database.log_bytes)
            windows.append(Window(len(times), parts[49] * 1e3, parts[98] * 1e3, memory, handles, threads, log / 1e6))
            say("  ".join(f"{name} {value:,.6g}" for name, value in windows[-1]._asdict().items()))
    await sending
    assert not clients.ledger.answered["503"], f"503 was answered {clients.ledger.answered['503']} times"
    return rate, windows


def main(arguments: Sequence[str] | None = None) -> int:
    """Soak it: 0 when all stays as it is, else 1. Raises an error when a request fails."""
    parser = argparse.ArgumentParser(prog="python -m tests.load.soak", description=__doc__)
    parser.add_argument("--engine", choices=list(ENGINES), default="sqlite")
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--rate", type=float, help="requests a second; half of the top rate when left out")
    parser.add_argument("--p99", action=argparse.BooleanOptionalAction, default=True, help="judge p99 as well")
    parser.add_argument("--figures", action="store_true", help="write the table into the guide resilience")
    options = parser.parse_args(arguments)
    with (
        tempfile.TemporaryDirectory(prefix="chat-bindings-soak-") as name,
        ENGINES[options.engine](Path(name), Population(BINDINGS).lines()) as make,
    ):
        database = make()
        with serving(database) as service:
            rate, windows = uvloop.run(soak(service, database, options))
        problems = database.problems()
    problems += judge(windows, [bound for bound in BOUNDS if options.p99 or bound is not P99])
    sent, due = sum(each.requests for each in windows), rate * options.minutes * 60
    if sent < 0.99 * due:
        problems.append(f"{sent:,} requests were answered, where {due:,.0f} were due")
    rows = [[bound.name, *(f"{each:.1f}" for each in figures)] for bound, *figures in compare(windows)]
    sentence = f"{options.engine}: {sent:,} requests in {options.minutes:g} minutes, {rate:,.0f} a second."
    lines = [sentence, "", *table(["median of", "the first third", "the last third", "at the most"], rows)]
    publish("resilience", f"soak-{options.engine}", lines, is_kept=options.figures)
    say("", *problems, "it does not hold" if problems else "it holds")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
