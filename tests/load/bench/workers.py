"""The cost of a second worker: requests for each second of the servers' CPU time, with one worker and with two."""

from collections import defaultdict
from statistics import median

from ...support.processes import computed
from ..figures import table
from ..worlds import Population
from .contending import Site, running, served, turns
from .kinds import reads
from .wrk import drive


def measure(site: Site, population: Population, *, rounds: int, seconds: float, connections: int) -> list[str]:
    """Drive fetches over as many connections, with one worker and with two in turn."""
    load = reads(population)[0].load
    per_cpu: dict[int, list[float]] = defaultdict(list)
    rates: dict[int, list[float]] = defaultdict(list)
    for workers in turns("workers", (1, 2), rounds):
        with running(lambda *at, n=workers: served(*at, "--workers", n), site) as process:
            drive(process.url, load, connections=connections, seconds=1)
            before = computed(process.pid)
            driven = drive(process.url, load, connections=connections, seconds=seconds)
            per_cpu[workers].append(driven.requests / (computed(process.pid) - before))
            rates[workers].append(driven.rate)
    rows = [[str(each), f"{median(per_cpu[each]):,.0f}", f"{median(rates[each]):,.0f}"] for each in (1, 2)]
    rows.append(["2 / 1", f"{median(per_cpu[2]) / median(per_cpu[1]):.2f}", ""])
    return table(["workers", "fetches per CPU second of the servers", "fetches/s"], rows)
