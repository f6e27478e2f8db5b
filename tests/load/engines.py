"""The engines of the kills, faults and soaks: a database each, and its integrity check."""

import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import psycopg

from ..support.engines import PostgresDatabase, SqliteDatabase
from ..support.postgres import Postgres
from ..support.processes import free_port
from ..support.running import Service
from .worlds import import_world, write_world

_TWICE = """
    SELECT count(*) FROM (SELECT 1 FROM bindings GROUP BY service_sid, identity, endpoint, binding_type
                          HAVING count(*) > 1) AS twice"""

# amcheck: each index against its table, and the table by itself (postgresql.org/docs/18/amcheck.html)
_AMCHECK = """
    SELECT bt_index_check(oid, heapallindexed => true, checkunique => true) FROM pg_class
    WHERE relkind = 'i' AND relam = (SELECT oid FROM pg_am WHERE amname = 'btree')
        AND relnamespace = 'public'::regnamespace"""
_HEAP = "SELECT 'bindings: ' || msg FROM verify_heapam('bindings')"

SETTINGS = {"max_connections": "40", "synchronous_commit": "on"}
"""PostgreSQL's settings: few connections, so that they run out; and commits wait for the log."""


class SqliteFile(SqliteDatabase):
    """A file in a folder of its own."""

    def log_bytes(self) -> int:
        """Return the size of the write-ahead log."""
        return self.path.with_name(f"{self.path.name}-wal").stat().st_size

    def problems(self) -> list[str]:
        found = [str(line) for (line,) in self.execute("PRAGMA integrity_check") if line != "ok"]
        return found + _twice(self.execute(_TWICE))


class PostgresPart(PostgresDatabase):
    """A database of a server, made of a world or of a database that holds it already."""

    def __init__(self, server: Postgres, world: Path, template: str | None = None) -> None:
        super().__init__(server, template)
        self.world = world
        if template is None:
            import_world(world, self.locator)

    def log_bytes(self) -> int:
        """Return the size of the write-ahead log."""
        ((size,),) = self.server.execute("SELECT sum(size) FROM pg_ls_waldir()")
        return int(size)

    def problems(self) -> list[str]:
        self.execute("CREATE EXTENSION IF NOT EXISTS amcheck")
        try:
            self.execute(_AMCHECK)
            found = [str(message) for (message,) in self.execute(_HEAP)]
        except psycopg.Error as error:  # amcheck raises what it finds in an index
            found = [str(error)]
        return found + _twice(self.execute(_TWICE))


def _twice(rows: Sequence[tuple[int]]) -> list[str]:
    ((number,),) = rows
    return [f"{number} devices are registered twice"] if number else []


Databases = Callable[[], Any]
"""A function that makes a new database, with a world in it, on each call."""


@contextmanager
def sqlite(folder: Path, lines: Iterable[str]) -> Iterator[Databases]:
    """Make files, each in a folder of its own."""
    template, numbers = folder / "template.db", count(1)
    import_world(folder / "world.json", f"sqlite:///{template}", lines)

    def make() -> SqliteFile:
        own = folder / f"database {next(numbers)}"
        own.mkdir()
        return SqliteFile(Path(shutil.copy(template, own / "bindings.db")))

    yield make


@contextmanager
def postgresql(folder: Path, lines: Iterable[str]) -> Iterator[Databases]:
    """Make databases of one server."""
    world = folder / "world.json"
    write_world(world, lines)
    with Postgres(settings=SETTINGS) as server:
        template = PostgresPart(server, world)
        yield lambda: PostgresPart(server, world, template.name)


def serving(database: Any, *options: object, port: int | None = None, under: Sequence[object] = ()) -> Service:
    """Serve from a database, on a free port that is known before."""
    options = ("--no-docs", "--log-level", "error", *options)
    return Service(database.locator, *options, port=port or free_port(), under=under)


ENGINES: dict[str, Callable[[Path, Iterable[str]], AbstractContextManager[Databases]]] = {
    "sqlite": sqlite,
    "postgresql": postgresql,
}
