"""The requests of `make bench-scale`, of services on PostgreSQL: `make bench-scale-postgresql`.

One server has a database for each size. Beside what the requests take: what an import by the command takes, how fast
rows come in by COPY alone, and what `database erase` takes.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from chat_bindings.storage.engines import administration
from chat_bindings.storage.interface import AccountRow, ServiceRow
from chat_bindings.storage.rows import ADDED
from chat_bindings.storage.tokens import digest

from ...support.postgres import Postgres
from ...support.running import CLI
from .. import figures
from ..commands import Measured, measured
from ..worlds import ACCOUNT, SERVICE, TOKEN, Population, write_world
from . import machine
from .contending import ROOT, Site, running
from .executemany import row
from .results import RESULTS, Json, keep, say, table
from .scale import Asking, p50_table
from .wrk import missing

_SIZES = (10_000, 1_000_000, 10_000_000)
_SETTINGS = {
    "shared_buffers": "4GB",
    "maintenance_work_mem": "2GB",
    "max_wal_size": "8GB",
    "wal_recycle": "off",  # as `database erase` asks for
}


def filled(server: Postgres, size: int) -> tuple[str, Json]:
    """The address of a database with a population, and what it took to fill it by COPY.

    The indexes are made when the rows are there, and foreign keys, which hold by themselves here, are not looked at.
    """
    url = server.url(server.create_database())
    with administration(url) as storage:
        storage.migrate()
        storage.create_account(AccountRow(ACCOUNT, digest(TOKEN)))
        storage.create_service(ServiceRow(SERVICE, ACCOUNT))
    population, began = Population(size), time.monotonic()
    with server.connect(url.rpartition("/")[2]) as connection:
        connection.execute("SET session_replication_role = replica")
        indexes = connection.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'bindings' AND indexname <> 'bindings_pkey'"
        ).fetchall()
        for name, _ in indexes:
            connection.execute(f"DROP INDEX {name}")
        with connection.cursor().copy(f"COPY bindings ({', '.join(ADDED)}) FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(["bytea" if column == "key_sha256" else "text" for column in ADDED])
            for number in range(size):
                copy.write_row(row(population, number))
        copied = time.monotonic()
        for _, definition in indexes:
            connection.execute(definition)
        connection.execute("VACUUM ANALYZE bindings")
        ((stored,),) = connection.execute("SELECT pg_total_relation_size('bindings')").fetchall()
    ended = time.monotonic()
    return url, {
        "copy_seconds": round(copied - began, 1),
        "index_seconds": round(ended - copied, 1),
        "copy_per_s": round(size / (ended - began)),
        "stored_mb": round(stored / 1e6),
    }


def imported(server: Postgres, size: int, folder: Path) -> Json:
    """What the command takes to import a world of that size."""
    world, url = folder / "world.json", server.url(server.create_database())
    write_world(world, Population(size).lines())
    done = _measured("import", world, "--database", url)
    world.unlink()
    return {"import_per_s": round(size / done.seconds), "import_memory_mb": round(done.memory)}


def _measured(*arguments: object) -> Measured:
    ended = measured([*CLI, *map(str, arguments)])
    if ended.returncode:
        raise RuntimeError(ended.stderr)
    return ended


def _serving(url: str) -> Callable[[Site, int], Sequence[str]]:
    return lambda _, port: [*CLI, "serve", "--log-level", "warning", "--port", str(port), "--database", url]


def measure(
    server: Postgres, folder: Path, sizes: Sequence[int], *, largest_import: int, rounds: int, seconds: int
) -> dict[str, Json]:
    """Fill all sizes, then ask them, then erase."""
    urls: dict[int, str] = {}
    results: dict[int, Json] = {}
    for size in sizes:
        say(f"{size:,} Bindings: COPY")
        urls[size], results[size] = filled(server, size)
        if size <= largest_import:
            say(f"{size:,} Bindings: importing")
            results[size] |= imported(server, size, folder)
    with ExitStack() as stack:
        site = Site(Path(), Path())
        processes = {size: stack.enter_context(running(_serving(url), site)) for size, url in urls.items()}
        asked = Asking(sizes, seconds).run(processes, rounds)
    for size, url in urls.items():
        say(f"{size:,} Bindings: erasing")
        results[size]["erase_seconds"] = round(_measured("database", "erase", "--database", url).seconds, 1)
    return {str(size): {**results[size], "queries": asked[size]} for size in sizes}


_FACTS = {
    "COPY, seconds": "copy_seconds",
    "indexes and VACUUM ANALYZE, seconds": "index_seconds",
    "COPY and indexes, Bindings/s": "copy_per_s",
    "`import`, Bindings/s": "import_per_s",
    "`import`, most memory, MB": "import_memory_mb",
    "table and indexes, MB": "stored_mb",
    "`database erase`, seconds": "erase_seconds",
}


def tables(results: dict[str, Json]) -> list[str]:
    """The results, for the README; ratios are of the largest to the smallest."""
    facts = [
        [label, *(f"{result[name]:,}" if name in result else "-" for result in results.values())]
        for label, name in _FACTS.items()
    ]
    return [*p50_table(results), "", *table(["Bindings", *(f"{int(size):,}" for size in results)], facts)]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure all sizes."""
    parser = argparse.ArgumentParser(prog="python -m tests.load.bench.scale_postgresql", description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, default=_SIZES, help="numbers of Bindings")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=2, help="whole seconds for each kind of request")
    parser.add_argument("--largest-import", type=int, default=1_000_000, help="up to what size to import a world, too")
    parser.add_argument("--output", type=Path, default=RESULTS)
    parser.add_argument("--figures", action="store_true", help="write the tables into the guide performance")
    options = parser.parse_args(arguments)
    if lacking := missing():
        say(*lacking)
        return 2
    named, began = machine.describe(), time.monotonic()
    (ROOT / "build").mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="scale-", dir=ROOT / "build") as folder,
        Postgres(fsync=True, settings=_SETTINGS) as server,
    ):
        ((version,),) = server.execute("SHOW server_version")
        chosen = {name: getattr(options, name) for name in ("largest_import", "rounds", "seconds")}
        results = measure(server, Path(folder), sorted(options.sizes), **chosen)
    keep(options.output, machine=named, scale_postgresql=results)
    if options.figures:
        figures.write("performance", "scale-postgresql", machine.sentence(named), tables(results))
    say("", machine.sentence(named), f"PostgreSQL {version}.", "", *tables(results), "")
    say(f"In {time.monotonic() - began:.0f} s.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
