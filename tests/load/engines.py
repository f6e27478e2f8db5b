"""The engines on which services are killed, starved and run for long: a database each, and whether it is whole."""

import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Protocol

import apsw

from ..support.running import run_cli
from .worlds import write_world

TWICE = """
    SELECT count(*) FROM (SELECT 1 FROM bindings GROUP BY service_sid, identity, endpoint, binding_type
                          HAVING count(*) > 1) AS twice"""


class Database(Protocol):
    """A database that a service can be started on."""

    @property
    def locator(self) -> str:
        """Its address."""

    def problems(self) -> list[str]:
        """What is wrong with what it holds, a sentence each. No service runs on it then."""


class SqliteDatabase:
    """A file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def locator(self) -> str:
        return f"sqlite:///{self.path}"

    @property
    def log(self) -> Path:
        """The write-ahead log."""
        return self.path.with_name(f"{self.path.name}-wal")

    def problems(self) -> list[str]:
        with apsw.Connection(str(self.path)) as connection:
            checked = connection.pragma("integrity_check")
            (twice,) = connection.execute(TWICE).fetchone()
        return ([] if checked == "ok" else [f"the file is damaged: {checked}"]) + _told(twice)


def _told(twice: int) -> list[str]:
    return [f"{twice} devices are registered twice"] if twice else []


Databases = Callable[[], Database]
"""Makes a new database, with a world in it, each time that it is called."""


@contextmanager
def sqlite(folder: Path, lines: Iterable[str]) -> Iterator[Databases]:
    """Databases in files, each in a folder of its own."""
    world, template, numbers = folder / "world.json", folder / "template.db", count(1)
    write_world(world, lines)
    imported = run_cli("import", world, "--database", f"sqlite:///{template}")
    assert imported.returncode == 0, imported.stderr

    def make() -> Database:
        own = folder / f"database {next(numbers)}"
        own.mkdir()
        return SqliteDatabase(Path(shutil.copy(template, own / "bindings.db")))

    yield make


ENGINES = {"sqlite": sqlite}
