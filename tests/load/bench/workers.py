"""The cost of a second worker: requests for each second of the servers' CPU time, with one worker and with two."""

from collections import defaultdict
from statistics import median

from ...support.processes import computed
from ..worlds import Population
from .contending import Site, running, served
from .kinds import reads
from .results import Json, say, table
from .wrk import drive

_CONNECTIONS = 32


def measure(site: Site, population: Population, *, rounds: int, seconds: float) -> Json:
    """Fetches, over as many connections, with one worker and with two in turn."""
    load = reads(population)[0].load
    efficiency: dict[int, list[float]] = defaultdict(list)
    rates: dict[int, list[float]] = defaultdict(list)
    for number in range(rounds):
        for workers in (1, 2) if number % 2 == 0 else (2, 1):
            say(f"workers, round {number + 1} of {rounds}: {workers}")
            with running(lambda *at, n=workers: served(*at, "--workers", str(n)), site) as process:
                drive(process.url, load, connections=_CONNECTIONS, seconds=1)
                before = computed(process.pid)
                driven = drive(process.url, load, connections=_CONNECTIONS, seconds=seconds)
                efficiency[workers].append(driven.requests / (computed(process.pid) - before))
                rates[workers].append(driven.rate)
    per_cpu = {workers: median(each) for workers, each in efficiency.items()}
    return {
        "fetches_per_cpu_s": {str(workers): round(each, 1) for workers, each in per_cpu.items()},
        "requests_per_s": {str(workers): round(median(each), 1) for workers, each in rates.items()},
        "ratio": round(per_cpu[2] / per_cpu[1], 3),
    }


def tables(results: Json) -> list[str]:
    """The results, for the README."""
    rows = [
        [str(workers), f"{results['fetches_per_cpu_s'][workers]:,.0f}", f"{results['requests_per_s'][workers]:,.0f}"]
        for workers in ("1", "2")
    ]
    rows.append(["2 / 1", f"{results['ratio']:.2f}", ""])
    return table(["workers", "fetches per CPU second of the servers", "fetches/s"], rows)
