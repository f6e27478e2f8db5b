"""The cost of `serve --control` for a request that is not read in the journal: CPU time per fetch, with and without."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from ..worlds import Population
from .contending import Running, Site, running, served
from .kinds import AUTHORIZATION, Kind, reads
from .results import Json, say, table
from .wrk import drive

_PAIRS = 20
"""Pairs of measurements, for each round."""


def measure(site: Site, population: Population, *, rounds: int, connections: int) -> Json:
    """Drive two services in turn, a second each: the least microseconds of CPU of each.

    Whatever else runs on the machine only adds to them, and more than what is measured.
    """
    fetch = reads(population)[0]
    commands: Sequence[Callable[[Site, int], Sequence[str]]] = (
        served,
        lambda site, port: served(site, port, "--control"),
    )
    pairs = []
    with ExitStack() as stack:
        services = [stack.enter_context(running(command, site)) for command in commands]
        for service in services:
            _spent(service, fetch, connections)  # warms it up
        say(f"--control, {rounds * _PAIRS} pairs")
        for number in range(rounds * _PAIRS):
            order = services if number % 2 else services[::-1]
            spent = {service.url: _spent(service, fetch, connections) for service in order}
            pairs.append([spent[service.url] for service in services])
    least = [min(each) for each in zip(*pairs, strict=True)]
    return {
        "without_us": round(least[0], 2),
        "with_us": round(least[1], 2),
        "ratio": round(least[1] / least[0], 4),
        "pairs": [[round(each, 2) for each in pair] for pair in pairs],
    }


def _spent(service: Running, kind: Kind, connections: int) -> float:
    """Microseconds of the process' CPU time for a request."""
    before = _computed(service.pid)
    driven = drive(service.url, kind.load._replace(headers=AUTHORIZATION), connections=connections, seconds=1)
    return (_computed(service.pid) - before) / driven.requests


def _computed(pid: int) -> float:
    """Microseconds that all threads of a process have run."""
    threads = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1000


def tables(results: Json) -> list[str]:
    """Give the results as a table."""
    cost = f"{100 * (results['ratio'] - 1):.1f} %"
    row = ["fetch", f"{results['without_us']:.1f}", f"{results['with_us']:.1f}", cost]
    return table(["least CPU time of a request, µs", "`serve`", "`serve --control`", "cost"], [row])
