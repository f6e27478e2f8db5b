"""The copy of an SQLite file to return to: a temporary database of SQLite's, in a file without a name."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import apsw

from ..loader import Loader
from ..progress import quietly
from .administration import copy_pages
from .connection import connect, migrate, storage_errors, transaction
from .loader import SqliteLoader


class SqliteKept:
    """A copy of the file at `path`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._copy: apsw.Connection | None = None

    def keep(self) -> None:
        with self._new() as copy, closing(connect(self._path)) as source:
            copy_pages(source, copy, quietly)

    @contextmanager
    def replace(self) -> Iterator[Loader]:
        with self._new() as copy:
            migrate(copy)
            with transaction(copy):
                loader = SqliteLoader(copy)
                yield loader
                loader.finish()

    def put_back(self) -> None:
        assert self._copy is not None, "nothing is kept"  # noqa: S101 - for the type checker
        with storage_errors(), closing(connect(self._path)) as target:
            # a reset that a power failure undoes is none that a test relies on, and waiting for the disk is most of it
            target.pragma("synchronous", "OFF")
            copy_pages(self._copy, target, quietly)

    def close(self) -> None:
        if self._copy is not None:
            self._copy.close()
            self._copy = None

    @contextmanager
    def _new(self) -> Iterator[apsw.Connection]:
        """Make a copy, which takes the place of the former one when the block ends."""
        copy = apsw.Connection("")
        copy.pragma("foreign_keys", "ON")
        with storage_errors():
            yield copy
        self.close()
        self._copy = copy
