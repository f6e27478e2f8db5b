"""Load a service steadily, for long: `make soak`, or `python -m tests.load.soak --minutes 20 --engine sqlite`.

The top rate is measured for some seconds; then half of it is sent, evenly, and each window of ten seconds is told. When
it is warm nothing may grow: memory, file handles, threads, the database's log and p99; and no request may fail.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from ...support.running import Service
from .. import figures
from ..bench import machine
from ..bench.results import say, table
from ..engines import ENGINES
from ..kills.rounds import serving
from ..worlds import Population
from .load import Load, percentile
from .windows import BOUNDS, P99, WARM, Window, judged, usage

RESULTS = Path(__file__).parents[3] / "build" / "soak.json"
CONNECTIONS, AT_TOP = 128, 32
BINDINGS = 10_000
_TOP_SECONDS = 8.0


async def soak(service: Service, database: Any, options: argparse.Namespace) -> tuple[float, float, list[Window]]:
    """The top rate, the rate that was sent, and its windows."""
    load = Load(service.url, BINDINGS)
    await load.connect(CONNECTIONS)
    top = await load.top(_TOP_SECONDS, AT_TOP) if options.rate is None else 0.0
    rate = options.rate or top / 2
    say(f"{options.engine}: top {top:,.0f} requests/s; {rate:,.0f} requests/s for {options.minutes:g} minutes")
    windows: list[Window] = []
    started, seconds = time.monotonic(), options.minutes * 60
    sending = asyncio.create_task(load.steady(rate, seconds))
    while not sending.done():
        await asyncio.wait([sending], timeout=options.window)
        windows.append(await _window(load, service, database, time.monotonic() - started))
        say(_told(windows[-1]))
    await load.settle()
    load.close()
    if load.errors:
        say(*(f"{number} times {what}" for what, number in load.errors.items()))
    return top, rate, [each for each in windows if each.requests]


async def _window(load: Load, service: Service, database: Any, at: float) -> Window:
    times, load.times = load.times, []
    seen = sum(load.errors.values())
    errors, load.told = seen - load.told, seen
    p50, p99, longest = (percentile(times, part) * 1000 for part in (0.5, 0.99, 1.0))
    log = await asyncio.to_thread(database.log_bytes)
    memory, handles, threads = usage(service.pid)
    return Window(round(at, 1), len(times), errors, round(p50, 2), round(p99, 2), round(longest, 2), round(memory, 1),
                  handles, threads, round(log / 1e6, 1))  # fmt: skip


def _told(window: Window) -> str:
    return "  ".join(f"{name} {value:,}" for name, value in window._asdict().items())


def main(arguments: Sequence[str] | None = None) -> int:
    """Soak it: 0 when all stays as it is, else 1."""
    options = _options(arguments)
    with (
        tempfile.TemporaryDirectory(prefix="chat-bindings-soak-") as name,
        ENGINES[options.engine](Path(name), Population(BINDINGS).lines()) as make,
    ):
        database = make()
        with serving(database) as service:
            top, rate, windows = asyncio.run(soak(service, database, options))
        problems = database.problems()
    bounds = [bound for bound in BOUNDS if options.p99 or bound is not P99]
    problems += judged(windows, bounds)
    sent = sum(each.requests for each in windows)
    if sent < 0.99 * rate * options.minutes * 60:
        problems.append(f"{sent:,} requests were answered, where {rate * options.minutes * 60:,.0f} were due")
    _show(options.engine, windows)
    say("", *_verdict(windows), "", *problems, "it does not hold" if problems else "it holds")
    if options.figures:
        lines = _summary(sent, rate, options, windows)
        figures.write("resilience", f"soak-{options.engine}", machine.sentence(machine.describe()), lines)
    _keep(options, {"top_per_s": round(top, 1), "rate_per_s": round(rate, 1), "problems": problems}, windows)
    return 1 if problems else 0


def _show(engine: str, windows: Sequence[Window]) -> None:
    shown = Table(*Window._fields, title=f"{engine}: windows")
    for window in windows:
        shown.add_row(*(f"{value:,}" for value in window))
    Console(width=None if Console().is_terminal else 140).print(shown)


def _verdict(windows: Sequence[Window]) -> list[str]:
    warm = windows[int(len(windows) * WARM) :]
    rows = []
    for bound in BOUNDS:
        first, last, most = bound.told(warm)
        rows.append([bound.name, f"{first:.1f}", f"{last:.1f}", f"{most:.1f}"])
    return table(["median of", "the first third", "the last third", "at the most"], rows)


def _summary(sent: int, rate: float, options: argparse.Namespace, windows: Sequence[Window]) -> list[str]:
    sentence = f"{options.engine}: {sent:,} requests in {options.minutes:g} minutes, {rate:,.0f} a second."
    return [sentence, "", *_verdict(windows)]


def _keep(options: argparse.Namespace, facts: dict[str, Any], windows: Sequence[Window]) -> None:
    options.output.parent.mkdir(parents=True, exist_ok=True)
    facts |= {"engine": options.engine, "minutes": options.minutes, "machine": machine.describe()}
    facts["windows"] = [window._asdict() for window in windows]
    options.output.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.load.soak", description=__doc__)
    parser.add_argument("--engine", choices=list(ENGINES), default="sqlite")
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--rate", type=float, help="requests a second; half of the top rate when left out")
    parser.add_argument("--window", type=float, default=10, help="seconds")
    parser.add_argument("--p99", action=argparse.BooleanOptionalAction, default=True, help="judge p99 as well")
    parser.add_argument("--output", type=Path, default=RESULTS)
    parser.add_argument("--figures", action="store_true", help="write the table into the guide resilience")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
