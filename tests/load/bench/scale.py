"""The same requests in services of 10 thousand, a million and 10 million Bindings: `make bench-scale`.

Over HTTP, one connection, pages of 50, a thousand different positions; beside it what an import takes, and the memory.
"""

import argparse
import random
import re
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from secrets import token_hex
from urllib.parse import quote

from ...support.running import CLI
from .. import figures
from ..commands import Measured, measured
from ..worlds import Population, sid, write_world
from . import machine, targets
from .contending import ROOT, Running, Site, running, served
from .kinds import AUTHORIZATION, COLLECTION, DIFFERENT, deletions, registrations
from .results import RESULTS, Json, keep, say, summary, table
from .wrk import Driven, Load, drive, missing

_SIZES = (10_000, 1_000_000, 10_000_000)
_PAGE = 50
_PIECE = 1 << 24


def queries(population: Population) -> dict[str, Load]:
    """Each gives a full page of 50 (a rare user's two Bindings aside) in a world of any size."""
    chance, size = random.Random(1), population.size

    def positions(first: float, last: float, query: str = "", side: str = "PA") -> list[str]:
        places = [chance.randrange(int(size * first), int(size * last)) for _ in range(DIFFERENT)]
        return [f"{COLLECTION}?{query}PageToken={side}{sid(place)}" for place in places]

    def users(identity: object, number: int, query: str = "") -> list[str]:
        places = chance.sample(range(number), min(DIFFERENT, number))
        return [f"{COLLECTION}?{query}Identity={quote(identity(place), safe='')}" for place in places]  # type: ignore[operator]

    common, rare = population.common_identity, population.rare_identity
    paths = {
        "first page": [COLLECTION],
        "a page in the middle": positions(0.3, 0.7),
        "a page in the middle, backwards": positions(0.3, 0.7, side="PB"),
        "the last page": [f"{COLLECTION}?PageToken=PA{sid(size - _PAGE - 1)}"],
        "a common type": positions(0.0, 0.9, "BindingType=apn&"),
        "a rare type": positions(0.0, 0.7, "BindingType=fcm&"),
        "two types": positions(0.0, 0.9, "BindingType=apn&BindingType=fcm&"),
        "a user of 100 devices": users(common, population.common),
        "a user of two devices": users(rare, population.rare),
        "two users": [
            f"{path}&Identity={quote(rare(number), safe='')}"
            for number, path in enumerate(users(common, population.common))
        ],
        "a user and a type": users(common, population.common, "BindingType=gcm&"),
        "fetch": [f"{COLLECTION}/{sid(chance.randrange(size))}" for _ in range(DIFFERENT)],
    }
    return {name: Load(each, AUTHORIZATION) for name, each in paths.items()}


def loaded(size: int, folder: Path) -> tuple[Path, Json]:
    """A database of a size, and what it took to import it, beside inserting the same rows the plain way."""
    population, world, database = Population(size), folder / "world.json", folder / f"{size}.db"
    say(f"{size:,} Bindings: inserting the plain way")
    plain = _measured([sys.executable, "-m", "tests.load.bench.executemany", str(database), str(size)])
    for file in folder.glob(f"{database.name}*"):
        file.unlink()
    say(f"{size:,} Bindings: writing the world")
    write_world(world, population.lines())
    say(f"{size:,} Bindings: importing it")
    imported = _measured([*CLI, "import", str(world), "--database", f"sqlite:///{database}"])
    world.unlink()
    plain_rate, rate = size / float(plain.stdout), size / imported.seconds
    return database, {
        "import_per_s": round(rate),
        "import_seconds": round(imported.seconds, 1),
        "import_memory_mb": round(imported.memory),
        "executemany_per_s": round(plain_rate),
        "import_ratio": round(rate / plain_rate, 2),
        "file_mb": round(database.stat().st_size / 1e6),
    }


def _measured(command: Sequence[str]) -> Measured:
    ended = measured(command)
    if ended.returncode:
        raise RuntimeError(ended.stderr)
    return ended


class Asking:
    """Measure the services of all sizes in turn: reads first, since writes change the lists."""

    def __init__(self, sizes: Sequence[int], seconds: int) -> None:
        self._populations = {size: Population(size) for size in sizes}
        self._seconds = seconds
        self._driven: dict[int, dict[str, list[Driven]]] = {size: defaultdict(list) for size in sizes}

    def run(self, processes: Mapping[int, Running], rounds: int) -> dict[int, Json]:
        """For each size, what each kind of request took: medians of the rounds."""
        loads = {size: queries(population) for size, population in self._populations.items()}
        for number in range(rounds + 1):
            say(f"reads, round {number} of {rounds}" if number else "reads, to warm up")
            for name in loads[min(loads)]:
                for size in self._turn(number):
                    driven = self._drive(processes[size], loads[size][name], 1 if number == 0 else self._seconds)
                    self._driven[size][name] += [driven] if number else []
        self._write(processes, rounds)
        return {size: {name: summary(each) for name, each in by_name.items()} for size, by_name in self._driven.items()}

    def _write(self, processes: Mapping[int, Running], rounds: int) -> None:
        chance = random.Random(2)
        doomed = {
            size: deletions([sid(number) for number in chance.sample(range(size), min(size, 50_000))])
            for size in self._populations
        }
        deleted = dict.fromkeys(doomed, 0)
        for number in range(rounds):
            say(f"writes, round {number + 1} of {rounds}")
            for size in self._turn(number):
                registered = self._drive(processes[size], registrations(token_hex(8)), self._seconds)
                self._driven[size]["register"].append(registered)
            if any(deleted[size] > len(load.paths) // 2 for size, load in doomed.items()):
                continue  # the smallest has not as many left as a round takes
            for size in self._turn(number):
                driven = self._drive(processes[size], doomed[size], 1, deleted[size])
                self._driven[size]["delete"].append(driven)
                deleted[size] += driven.requests + 1  # wrk goes away from what is not answered yet

    def _turn(self, number: int) -> list[int]:
        sizes = list(self._populations)
        start = number % len(sizes)
        return sizes[start:] + sizes[:start]

    @staticmethod
    def _drive(process: Running, load: Load, seconds: float, first: int = 0) -> Driven:
        return drive(process.url, load, connections=1, seconds=seconds, first=first)


def _memory(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return round(int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024 / 1e6)  # type: ignore[index]


def read_through(database: Path) -> None:
    """Read a file into the system's cache, from which loading the others may have pushed it out.

    Small files are there anyhow. It is the queries that are compared, and not the disk: each delete touches five pages
    that nobody read before.
    """
    with database.open("rb") as file:
        while file.read(_PIECE):
            pass


def measure(folder: Path, sizes: Sequence[int], *, rounds: int, seconds: int) -> dict[str, Json]:
    """Load all sizes, then ask them."""
    databases, results = {}, {}
    for size in sizes:
        databases[size], results[size] = loaded(size, folder)
    for database in databases.values():
        read_through(database)
    with ExitStack() as stack:
        processes = {
            size: stack.enter_context(running(served, Site(database, Path()))) for size, database in databases.items()
        }
        asked = Asking(sizes, seconds).run(processes, rounds)
        memory = {size: _memory(process.pid) for size, process in processes.items()}
    return {str(size): {**results[size], "server_memory_mb": memory[size], "queries": asked[size]} for size in sizes}


def p50_table(results: dict[str, Json]) -> list[str]:
    """What each kind of request took in each size; ratios are of the largest to the smallest."""
    sizes = list(results)
    first, last = results[sizes[0]]["queries"], results[sizes[-1]]["queries"]
    rows = [
        [
            name,
            *(f"{results[size]['queries'][name]['p50_ms']:.2f} / {results[size]['queries'][name]['p99_ms']:.2f}"
              for size in sizes),
            f"{last[name]['p50_ms'] / first[name]['p50_ms']:.2f}",
        ]
        for name in first
    ]  # fmt: skip
    return table(["p50 / p99, ms", *(f"{int(size):,}" for size in sizes), "ratio of p50"], rows)


def tables(results: dict[str, Json]) -> list[str]:
    """The results, for the README."""
    sizes = list(results)
    facts = [
        ["import, Bindings/s", *(f"{results[size]['import_per_s']:,}" for size in sizes)],
        ["times the rate of `executemany`", *(f"{results[size]['import_ratio']:.2f}" for size in sizes)],
        ["import, most memory, MB", *(f"{results[size]['import_memory_mb']}" for size in sizes)],
        ["file, MB", *(f"{results[size]['file_mb']:,}" for size in sizes)],
        ["server, memory, MB", *(f"{results[size]['server_memory_mb']}" for size in sizes)],
    ]
    return [*p50_table(results), "", *table(["Bindings", *(f"{int(size):,}" for size in sizes)], facts)]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure all sizes."""
    parser = argparse.ArgumentParser(prog="python -m tests.load.bench.scale", description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, default=_SIZES, help="numbers of Bindings")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=2, help="whole seconds for each kind of request")
    parser.add_argument("--folder", type=Path, default=ROOT / "build", help="where there is room for the databases")
    parser.add_argument("--output", type=Path, default=RESULTS)
    parser.add_argument("--figures", action="store_true", help="write the tables into the guide performance")
    options = parser.parse_args(arguments)
    if lacking := missing():
        say(*lacking)
        return 2
    named, began = machine.describe(), time.monotonic()
    options.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="scale-", dir=options.folder) as folder:
        results = measure(Path(folder), sorted(options.sizes), rounds=options.rounds, seconds=options.seconds)
    keep(options.output, machine=named, scale=results)
    if options.figures:
        figures.write("performance", "scale", machine.sentence(named), tables(results))
    say("", machine.sentence(named), "", *tables(results), "", *targets.tables(options.output), "")
    say(f"In {time.monotonic() - began:.0f} s.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
