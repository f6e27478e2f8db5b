"""The cost of `serve --control` for a request that is not read in the journal: CPU time per fetch, with and without."""

from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path

from ...support.running import Service
from ..figures import table
from ..worlds import Population
from .contending import Site, running, served, turns
from .kinds import reads
from .wrk import drive

_PAIRS = 20
"""Pairs of measurements, for each round."""


def measure(site: Site, population: Population, *, rounds: int, connections: int) -> list[str]:
    """Drive two services in turn, a second each: the least microseconds of CPU of each.

    Whatever else runs on the machine only adds to them, and more than what is measured.
    """
    load = reads(population)[0].load
    commands = {"without": served, "with": lambda *at: served(*at, "--control")}
    spent: dict[str, list[float]] = defaultdict(list)

    def drive_for(service: Service) -> float:
        before = _computed(service.pid)
        driven = drive(service.url, load, connections=connections, seconds=1)
        return (_computed(service.pid) - before) / driven.requests

    with ExitStack() as stack:
        services = {name: stack.enter_context(running(command, site)) for name, command in commands.items()}
        for service in services.values():
            drive_for(service)  # warms it up
        for name in turns("--control", list(services), rounds * _PAIRS):
            spent[name].append(drive_for(services[name]))
    least, most = (min(spent[name]) for name in commands)
    row = ["fetch", f"{least:.1f}", f"{most:.1f}", f"{100 * (most / least - 1):.1f} %"]
    return table(["least CPU time of a request, µs", "`serve`", "`serve --control`", "cost"], [row])


def _computed(pid: int) -> float:
    """Sum the microseconds that all threads of a process have run."""
    threads = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1000
