"""Administration of an SQLite file, on which a server may be running."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import apsw

from ...files import real
from ..administration import Administration
from ..interface import Conflict, Schema, StorageUnavailable
from ..progress import Progress
from . import connection as database
from .connection import storage_errors, transaction
from .erasure import erase
from .loader import SqliteLoader

_CACHE = 176 * 1024
"""KiB of pages to hold at the most: the indexes of a large world are filled in no order."""

_TOGETHER = 2000
"""Pages between which a copy shows progress, and an interruption is heard."""


class SqliteAdministration(Administration):
    """`Administration` on the file at `path`, which is opened when it is first needed."""

    LOADER, ERASE = SqliteLoader, erase
    _opened: apsw.Connection | None

    def __init__(self, path: Path, *, make_folder: bool = False) -> None:
        """`make_folder` is for a path that the user did not name: its folder is made with the database."""
        self.path, self._name = path, str(path)
        self._make_folder = make_folder

    def migrate(self) -> int:
        path = real(self.path)
        for log in (path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-journal")):
            if log.exists() and not path.exists():  # SQLite would apply or remove it
                raise Conflict(f"{log} is left of another database: move it away first")
        try:
            if self._make_folder:
                self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            # readable by its owner alone, and so are the files that SQLite makes beside it
            path.touch(0o600, exist_ok=False)
        except OSError as error:
            if not path.exists():
                raise StorageUnavailable(f"{error.filename} cannot be made: {error.strerror}") from error
        with storage_errors():
            return database.migrate(self._open())

    def schema(self) -> Schema:
        with storage_errors():
            return database.schema(self._open())

    def identity(self) -> str:
        with suppress(OSError):  # a file that is not there yet has only its name
            found = self.path.stat()
            return f"sqlite {found.st_dev} {found.st_ino}"
        return f"sqlite {self.path.absolute()}"

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        with storage_errors(), transaction(self._connection, "DEFERRED"):
            yield

    def copy_pages_to(self, target: apsw.Connection, progress: Progress) -> None:
        """Copy all pages to another file, as of one moment. Errors of the target are raised as SQLite's."""
        copy_pages(self._connection, target, progress)

    def _open(self) -> apsw.Connection:
        if self._opened is None:
            connection = database.connect(self.path)
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
            if tables and "bindings" not in tables:
                raise Conflict(f"{self.path} is the database of another program")
            if connection.pragma("application_id") == database.BACKUP:
                raise Conflict(f"{self.path} is a backup, and no database: `restore` it into one")
            self._opened = connection
        return self._opened

    @contextmanager
    def _change(self) -> Iterator[None]:
        connection = self._connection
        with storage_errors():
            connection.pragma("cache_size", -_CACHE)
            with transaction(connection):
                yield

    def _rows(self, statement: str, values: tuple[str, ...]) -> Iterator[Any]:
        yield from self._connection.execute(statement, values)


def copy_pages(source: apsw.Connection, target: apsw.Connection, progress: Progress) -> None:
    """Make a database the copy of another, as it is at one moment, with SQLite's online backup."""
    # outside of a transaction SQLite begins again whenever another process has written
    with transaction(source, "DEFERRED"):
        left = pages = int(source.pragma("page_count"))  # the first read: from here on it is one moment
        with progress("copying", pages) as advance, target.backup("main", source, "main") as copying:
            while not copying.done:
                copying.step(_TOGETHER)
                advance(left - copying.remaining)
                left = copying.remaining
