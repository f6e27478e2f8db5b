"""The same requests in services of 10 thousand, a million and 10 million Bindings, on one engine: `make bench-scale`.

Over HTTP, one connection, pages of 50, a thousand different positions; beside it what it takes to fill the database.
"""

import argparse
import os
import random
import shutil
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from secrets import token_hex

from ...support.engines import ENGINES
from ...support.guessing import UNLIMITED
from ...support.postgres import Postgres
from ...support.processes import free_port, resident
from ...support.running import Service
from .. import figures
from ..commands import measure
from ..figures import say, table
from ..worlds import Population, create_service, sid, write_world
from .executemany import COLUMNS, insert, row
from .kinds import AUTHORIZATION, COLLECTION, DIFFERENT, by_identity, deletions, registrations
from .wrk import Driven, Load, drive, medians

_PAGE = 50
_SETTINGS = {
    "shared_buffers": "4GB",
    "maintenance_work_mem": "2GB",
    "max_wal_size": "8GB",
    "wal_recycle": "off",  # as `database erase` asks for
}

Facts = dict[str, str]
"""Other measurements of a size: a line of the second table each."""
Fill = Callable[[int], tuple[str, Facts]]
"""A function that fills a database with so many Bindings, and returns its address."""


def queries(population: Population) -> dict[str, Load]:
    """Return queries that give a full page of 50 (a rare user's two Bindings aside) in a world of any size."""
    chance, size = random.Random(1), population.size

    def positions(first: float, last: float, query: str = "", side: str = "PA") -> list[str]:
        places = [chance.randrange(int(size * first), int(size * last)) for _ in range(DIFFERENT)]
        return [f"{COLLECTION}?{query}PageToken={side}{sid(place)}" for place in places]

    def some(number: int) -> list[int]:
        return chance.sample(range(number), min(DIFFERENT, number))

    common, rare = population.common_identity, population.rare_identity
    paths = {
        "first page": [COLLECTION],
        "a page in the middle": positions(0.3, 0.7),
        "a page in the middle, backwards": positions(0.3, 0.7, side="PB"),
        "the last page": [f"{COLLECTION}?PageToken=PA{sid(size - _PAGE - 1)}"],
        "a common type": positions(0.0, 0.9, "BindingType=apn&"),
        "a rare type": positions(0.0, 0.7, "BindingType=fcm&"),
        "two types": positions(0.0, 0.9, "BindingType=apn&BindingType=fcm&"),
        "a user of 100 devices": [by_identity(common(place)) for place in some(population.common)],
        "a user of two devices": [by_identity(rare(place)) for place in some(population.rare)],
        "two users": [by_identity(common(place), rare(n)) for n, place in enumerate(some(population.common))],
        "a user and a type": [by_identity(common(n), query="BindingType=gcm&") for n in some(population.common)],
        "fetch": [f"{COLLECTION}/{sid(chance.randrange(size))}" for _ in range(DIFFERENT)],
    }
    return {name: Load(each, AUTHORIZATION) for name, each in paths.items()}


def fill_file(folder: Path, size: int) -> tuple[str, Facts]:
    """Fill a file by the import of a world, beside inserting the same rows the plain way."""
    world, database, population = folder / "world.json", folder / f"{size}.db", Population(size)
    plain = insert(database, population)
    for file in folder.glob(f"{database.name}*"):
        file.unlink()
    write_world(world, population.lines())
    imported = measure("import", world, "--database", f"sqlite:///{database}")
    world.unlink()
    return f"sqlite:///{database}", {
        "import, Bindings/s": f"{size / imported.seconds:,.0f}",
        "times the rate of `executemany`": f"{plain / imported.seconds:.2f}",
        "import, most memory, MB": f"{imported.memory:.0f}",
        "file, MB": f"{database.stat().st_size / 1e6:,.0f}",
    }


def fill_database(server: Postgres, size: int) -> tuple[str, Facts]:
    """Fill a database by COPY: indexes are made when the rows are there, foreign keys are not checked."""
    name, population = server.create_database(), Population(size)
    create_service(server.url(name))
    began = time.monotonic()
    with server.connect(name) as connection:
        connection.execute("SET session_replication_role = replica")
        indexes = connection.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'bindings' AND indexname <> 'bindings_pkey'"
        ).fetchall()
        for index, _ in indexes:
            connection.execute(f"DROP INDEX {index}")
        with connection.cursor().copy(f"COPY bindings ({', '.join(COLUMNS)}) FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(["bytea" if column == "key_sha256" else "text" for column in COLUMNS])
            for number in range(size):
                copy.write_row(row(population, number))
        copied = time.monotonic()
        for _, definition in indexes:
            connection.execute(definition)
        connection.execute("VACUUM ANALYZE bindings")
        ((stored,),) = connection.execute("SELECT pg_total_relation_size('bindings')").fetchall()
    return server.url(name), {
        "COPY, seconds": f"{copied - began:.1f}",
        "indexes and VACUUM ANALYZE, seconds": f"{time.monotonic() - copied:.1f}",
        "table and indexes, MB": f"{stored / 1e6:,.0f}",
    }


def drive_all(urls: Mapping[int, str], rounds: int, seconds: int) -> dict[int, dict[str, Driven]]:
    """Drive the services of all sizes in turn: reads first, since writes change the lists."""
    sizes, chance = list(urls), random.Random(2)
    loads = {size: queries(Population(size)) for size in sizes}
    doomed = {size: deletions([sid(each) for each in chance.sample(range(size), min(size, 50_000))]) for size in sizes}
    deleted = dict.fromkeys(sizes, 0)
    driven: dict[int, dict[str, list[Driven]]] = {size: defaultdict(list) for size in sizes}

    def run(number: int, name: str, load_of: Callable[[int], Load], duration: int) -> None:
        start = number % len(sizes)
        for size in sizes[start:] + sizes[:start]:
            first = deleted[size] if name == "delete" else 0
            ended = drive(urls[size], load_of(size), connections=1, seconds=duration, first=first)
            driven[size][name].append(ended)
            if name == "delete":
                deleted[size] += int(ended.requests) + 1  # wrk goes away from what is not answered yet

    for number in range(rounds + 1):
        say(f"reads, round {number} of {rounds}" if number else "reads, to warm up")
        for name in loads[sizes[0]]:
            run(number, name, lambda size, name=name: loads[size][name], seconds if number else 1)
        if not number:
            driven = {size: defaultdict(list) for size in sizes}
    for number in range(rounds):
        say(f"writes, round {number + 1} of {rounds}")
        run(number, "register", lambda _: registrations(token_hex(8)), seconds)
        if all(deleted[size] <= len(load.paths) // 2 for size, load in doomed.items()):  # as many are left as it takes
            run(number, "delete", doomed.__getitem__, 1)
    return {size: {name: medians(each) for name, each in by_name.items()} for size, by_name in driven.items()}


def measure_sizes(fill: Fill, sizes: Sequence[int], *, engine: str, rounds: int, seconds: int) -> list[str]:
    """Fill databases of all sizes, and drive a service on each. Ratios are of the largest to the smallest."""
    locators, facts = {}, {}
    for size in sizes:
        say(f"{size:,} Bindings")
        locators[size], facts[size] = fill(size)
    if engine == "sqlite":  # loading the others may have pushed a file out of the cache, and the disk is not compared
        for locator in locators.values():
            with Path(locator.removeprefix("sqlite:///")).open("rb") as file, Path(os.devnull).open("wb") as nothing:
                shutil.copyfileobj(file, nothing, 1 << 24)
    with ExitStack() as stack:
        options = ("--log-level", "warning", *UNLIMITED)
        services = {
            size: stack.enter_context(Service(locator, *options, port=free_port()))
            for size, locator in locators.items()
        }
        driven = drive_all({size: service.url for size, service in services.items()}, rounds, seconds)
        for size, service in services.items():
            facts[size]["server, memory, MB"] = f"{resident(service.pid) / 1e6:.0f}"
    for size, locator in locators.items():
        if engine == "postgresql":
            erased = measure("database", "erase", "--database", locator)
            facts[size]["`database erase`, seconds"] = f"{erased.seconds:.1f}"
    names, heads = driven[sizes[0]], [f"{size:,}" for size in sizes]
    ratios = {name: driven[sizes[-1]][name].p50 / driven[sizes[0]][name].p50 for name in names}
    rows = [[name, *(driven[size][name].latencies for size in sizes), f"{ratios[name]:.2f}"] for name in names]
    more = [[name, *(facts[size][name] for size in sizes)] for name in facts[sizes[0]]]
    return [*table(["p50 / p99, ms", *heads, "ratio of p50"], rows), "", *table(["Bindings", *heads], more)]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure all sizes."""
    parser = argparse.ArgumentParser(prog="python -m tests.load.bench.scale", description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, default=(10_000, 1_000_000, 10_000_000), help="of Bindings")
    parser.add_argument("--engine", choices=ENGINES, default="sqlite")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=2, help="whole seconds for each kind of request")
    parser.add_argument("--folder", type=Path, default=figures.ROOT / "build", help="where there is room for databases")
    parser.add_argument("--figures", action="store_true", help="write the tables into the guide performance")
    options = parser.parse_args(arguments)
    options.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="scale-", dir=options.folder) as folder, ExitStack() as stack:
        fill = partial(fill_file, Path(folder))
        if options.engine == "postgresql":
            fill = partial(fill_database, stack.enter_context(Postgres(fsync=True, settings=_SETTINGS)))
        chosen = {name: getattr(options, name) for name in ("engine", "rounds", "seconds")}
        lines = measure_sizes(fill, sorted(options.sizes), **chosen)
    section = "scale" if options.engine == "sqlite" else "scale-postgresql"
    figures.publish("performance", section, lines, is_kept=options.figures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
