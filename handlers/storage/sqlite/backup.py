"""Makes backups: SQLite files, whatever engine they are made of.

Of an SQLite database the pages are copied, of any other the rows. Either is one moment of it, during which others go on
reading and writing. All that takes longer than copying, such as the checks, is done to the copy.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw

from .. import copying
from ..interface import Administration, StorageDamaged, StorageUnavailable
from ..progress import Progress
from . import manifest
from .administration import SqliteAdministration
from .connection import away, extended_code, migrate, transaction
from .integrity import flaw, opened
from .loader import SqliteLoader
from .manifest import Contents

_WRITING = {apsw.SQLITE_IOERR_WRITE, apsw.SQLITE_IOERR_FSYNC, apsw.SQLITE_IOERR_DIR_FSYNC, apsw.SQLITE_IOERR_TRUNCATE}


class Unwritable(Exception):
    """A backup cannot be written; the message says why."""


def must_be_apart(source: Administration, path: Path) -> None:
    """Raise `Unwritable` where a backup would take the place of a database that somebody uses."""
    if isinstance(source, SqliteAdministration) and path.exists() and path.samefile(source.path):
        raise Unwritable("it is the database itself")
    if path.with_name(f"{path.name}-wal").exists():
        raise Unwritable(f"it is a database in use, for {path.name}-wal stands beside it")


def write(source: Administration, path: Path, progress: Progress) -> Contents:
    """Back a database up, as it is at one moment, into a new file, and check that: how much it holds.

    It is all in that one file. Raises `Unwritable`; also `StorageDamaged` when the database is.
    """
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    with _writing():
        if isinstance(source, SqliteAdministration):
            with opened(path) as target:
                source.copy_pages_to(target, progress)
        else:
            _write_rows(source, path, progress)
        with opened(path) as connection:
            connection.pragma("journal_mode", "DELETE")
            if told := flaw(connection):
                raise StorageDamaged(f"a copy of it does not hold together: {told}")
        return manifest.write(path)


def _write_rows(source: Administration, path: Path, progress: Progress) -> None:
    with source.snapshot(), opened(path) as target:
        migrate(target)
        with transaction(target), progress("copying", source.count_bindings()) as advance:
            copied = copying.copy(source, SqliteLoader(target), advance)
        counted = target.execute("SELECT count(*) FROM bindings").get
        if counted != copied:
            raise StorageDamaged(f"of {copied} Bindings, a copy of it holds {counted}")


@contextmanager
def _writing() -> Iterator[None]:
    """Tell a database that is away from a backup that cannot be written."""
    try:
        with away():
            yield
    except StorageUnavailable as error:
        cause = error.__cause__
        if isinstance(cause, apsw.FullError) or (isinstance(cause, apsw.Error) and extended_code(cause) in _WRITING):
            raise Unwritable(str(error)) from error
        raise
