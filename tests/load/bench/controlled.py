"""The cost of `serve --control` for requests outside of its journal: CPU time per fetch, with and without."""

from collections import defaultdict
from pathlib import Path

from ..figures import table
from ..worlds import Population
from .contending import Command, Site, running, served, turns
from .kinds import reads
from .wrk import drive

_PAIRS = 20
"""Pairs of measurements, for each round."""


def measure(site: Site, population: Population, *, rounds: int, connections: int) -> list[str]:
    """Start two services in turn, and drive each for a second: the least microseconds of CPU of each.

    Whatever else runs on the machine only adds to them. Hashes of texts, and where memory comes to lie, make a process
    up to a tenth slower than another of the same code: the first are the same in all, and each measurement is of a new
    process.
    """
    load = reads(population)[0].load
    alike = ("env", "PYTHONHASHSEED=0")
    commands: dict[str, Command] = {
        "without": lambda *at: [*alike, *served(*at)],
        "with": lambda *at: [*alike, *served(*at, "--control")],
    }
    spent: dict[str, list[float]] = defaultdict(list)
    for name in turns("--control", list(commands), rounds * _PAIRS):
        with running(commands[name], site) as service:
            drive(service.url, load, connections=connections, seconds=1)  # warms it up
            before = _computed(service.pid)
            driven = drive(service.url, load, connections=connections, seconds=1)
            spent[name].append((_computed(service.pid) - before) / driven.requests)
    least, most = (min(spent[name]) for name in commands)
    row = ["fetch", f"{least:.1f}", f"{most:.1f}", f"{100 * (most / least - 1):.1f} %"]
    return table(["least CPU time of a request, µs", "`serve`", "`serve --control`", "cost"], [row])


def _computed(pid: int) -> float:
    """Sum the microseconds that all threads of a process have run."""
    threads = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1000
