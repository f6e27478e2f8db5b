"""The same requests in services of 10 thousand, a million and 10 million Bindings: `make bench-scale`.

Over HTTP, one connection, pages of 50, a thousand different positions; beside it what an import takes, and the memory.
"""

import argparse
import random
import re
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from secrets import token_hex
from urllib.parse import quote

from ...support.running import CLI
from ..commands import measured
from ..worlds import Population, sid, write_world
from . import machine
from .contending import ROOT, Site, running, served
from .kinds import AUTHORIZATION, COLLECTION, DIFFERENT, deletions, registrations
from .results import RESULTS, Json, keep, say, table
from .wrk import Load, drive

_SIZES = (10_000, 1_000_000, 10_000_000)
_TARGET_RATIO = 1.5
_PAGE = 50


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


def measure(size: int, folder: Path, seconds: int) -> Json:
    """Import a world of a size, insert the same rows the plain way, and ask the service that serves it."""
    say(f"{size:,} Bindings: writing the world")
    population, world, database = Population(size), folder / "world.json", folder / "scale.db"
    write_world(world, population.lines())
    say(f"{size:,} Bindings: inserting the plain way")
    results = _imported(population, world, database)
    world.unlink()
    say(f"{size:,} Bindings: asking")
    with running(lambda site, port: served(site, port), Site(database, Path())) as process:
        results["queries"] = _asked(process.url, population, seconds)
        results["server_memory_mb"] = _memory(process.pid)
    for file in folder.glob("scale.db*"):
        file.unlink()
    return results


def _imported(population: Population, world: Path, database: Path) -> Json:
    plain = measured([sys.executable, "-m", "tests.load.bench.executemany", str(database), str(population.size)])
    if plain.returncode:
        raise RuntimeError(plain.stderr)
    for file in database.parent.glob("scale.db*"):
        file.unlink()
    say(f"{population.size:,} Bindings: import")
    imported = measured([*CLI, "import", str(world), "--database", f"sqlite:///{database}"])
    if imported.returncode:
        raise RuntimeError(imported.stderr)
    plain_rate = population.size / float(plain.stdout)
    rate = population.size / imported.seconds
    return {
        "import_per_s": round(rate),
        "import_seconds": round(imported.seconds, 1),
        "import_memory_mb": round(imported.memory),
        "executemany_per_s": round(plain_rate),
        "import_ratio": round(rate / plain_rate, 2),
        "file_mb": round(database.stat().st_size / 1e6),
    }


def _asked(url: str, population: Population, seconds: int) -> Json:
    loads = queries(population)
    for load in loads.values():  # so that all sizes are as warm
        drive(url, load, connections=1, seconds=1)
    chance = random.Random(2)
    doomed = chance.sample(range(population.size), min(population.size // 2, 20_000))
    loads["register"] = registrations(token_hex(8))
    loads["delete"] = deletions([sid(number) for number in doomed])  # the last: what it deletes was asked for above
    results = {}
    for name, load in loads.items():
        driven = drive(url, load, connections=1, seconds=seconds)
        results[name] = {"p50_ms": round(driven.p50, 3), "p99_ms": round(driven.p99, 3), "requests": driven.requests}
    return results


def _memory(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return round(int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024 / 1e6)  # type: ignore[index]


def tables(results: dict[str, Json]) -> list[str]:
    """The results, for the README; ratios are of the largest to the smallest."""
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
    facts = [
        ["import, Bindings/s", *(f"{results[size]['import_per_s']:,}" for size in sizes)],
        ["times the rate of `executemany`", *(f"{results[size]['import_ratio']:.2f}" for size in sizes)],
        ["import, most memory, MB", *(f"{results[size]['import_memory_mb']}" for size in sizes)],
        ["file, MB", *(f"{results[size]['file_mb']:,}" for size in sizes)],
        ["server, memory, MB", *(f"{results[size]['server_memory_mb']}" for size in sizes)],
    ]
    shown = [f"{int(size):,}" for size in sizes]
    return [*table(["p50 / p99, ms", *shown, "ratio of p50"], rows), "", *table(["", *shown], facts)]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure all sizes, one after the other."""
    parser = argparse.ArgumentParser(prog="python -m tests.load.bench.scale", description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, default=_SIZES, help="numbers of Bindings, the smallest first")
    parser.add_argument("--seconds", type=int, default=3, help="whole seconds for each kind of request")
    parser.add_argument("--folder", type=Path, default=ROOT / "build", help="where there is room for the databases")
    parser.add_argument("--output", type=Path, default=RESULTS)
    options = parser.parse_args(arguments)
    named, results, began = machine.describe(), {}, time.monotonic()
    options.folder.mkdir(parents=True, exist_ok=True)
    for size in options.sizes:
        with tempfile.TemporaryDirectory(prefix="scale-", dir=options.folder) as folder:
            results[str(size)] = measure(size, Path(folder), options.seconds)
        keep(options.output, machine=named, scale=results)
    say("", machine.sentence(named), "", *tables(results), "", f"In {time.monotonic() - began:.0f} s.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
