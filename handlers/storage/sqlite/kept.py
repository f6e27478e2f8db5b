"""The copy of an SQLite file to return to: a second file, copied page by page."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw

from ..loader import Loader
from ..progress import quietly
from .administration import SqliteAdministration, copy_pages
from .connection import connect, storage_errors


class SqliteKept:
    """A copy of the file at `path`, in a folder of its own."""

    def __init__(self, path: Path, folder: Path) -> None:
        self._path = path
        self._folder = folder
        self._made = 0
        self._copy: apsw.Connection | None = None

    def keep(self) -> None:
        new = self._new()
        with SqliteAdministration(new) as database:
            database.migrate()
        source, target = connect(self._path), connect(new)
        try:
            with storage_errors():
                copy_pages(source, target, quietly)
        finally:
            source.close()
            target.close()
        self._use(new)

    @contextmanager
    def replace(self) -> Iterator[Loader]:
        new = self._new()
        try:
            with SqliteAdministration(new) as database:
                database.migrate()
                with database.load() as loader:
                    yield loader
        except BaseException:
            _remove(new)
            raise
        self._use(new)

    def put_back(self) -> None:
        assert self._copy is not None, "nothing is kept"  # noqa: S101 - for the type checker
        target = connect(self._path)
        try:
            # a reset that a power failure undoes is none that a test relies on, and waiting for the disk is most of it
            target.pragma("synchronous", "OFF")
            with storage_errors():
                copy_pages(self._copy, target, quietly)
        finally:
            target.close()

    def close(self) -> None:
        if self._copy is not None:
            self._copy.close()
            self._copy = None

    def _new(self) -> Path:
        self._made += 1
        return self._folder / f"kept-{self._made}.db"

    def _use(self, path: Path) -> None:
        before = Path(self._copy.filename) if self._copy else None
        self.close()
        self._copy = connect(path)
        if before:
            _remove(before)


def _remove(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        path.with_name(f"{path.name}{suffix}").unlink(missing_ok=True)
