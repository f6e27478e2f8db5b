"""Backups: SQLite files, whatever engine they are made of, and how they are restored.

Of an SQLite database the pages are copied, of any other the rows: one moment of it, while others read and write. A
backup has the counts and the SHA-256 of its rows. Of a backup rows alone are taken, and nothing of it is executed.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from errno import EIO, ENOSPC
from importlib.metadata import version as installed
from pathlib import Path
from urllib.parse import quote

import apsw

from ...files import application_id
from ..administration import Administration
from ..copying import Counts, Part, Tally, parts, tally
from ..interface import Conflict, StorageDamaged, StorageUnavailable
from ..migrations import scripts
from ..progress import Progress
from ..rows import now
from .administration import SqliteAdministration
from .connection import BACKUP, connect, schema, storage_errors, transaction
from .erasure import rewrite

_MAKE = """
    CREATE TABLE backup (made_at TEXT NOT NULL, made_by TEXT NOT NULL, accounts INTEGER NOT NULL,
                         api_keys INTEGER NOT NULL, services INTEGER NOT NULL, bindings INTEGER NOT NULL,
                         sha256 TEXT NOT NULL) STRICT"""

_TABLES = """
    SELECT name, sql FROM sqlite_schema
    WHERE type IN ('table', 'view') AND name IN ('backup', 'accounts', 'api_keys', 'services', 'bindings')
    ORDER BY name"""

_CACHE = 64 * 1024
"""KiB of pages to hold at the most: a check reads an index in one order, and the rows that it leads to in another."""

_WRITING = {apsw.SQLITE_IOERR_WRITE, apsw.SQLITE_IOERR_FSYNC, apsw.SQLITE_IOERR_DIR_FSYNC, apsw.SQLITE_IOERR_TRUNCATE}


class BadBackup(Exception):
    """A file cannot be restored; the message is the rule that it breaks, to stand behind the file's name."""


def write(source: Administration, path: Path, progress: Progress) -> Counts:
    """Back a database up into a new file, and check that. Raises `OSError` where the file cannot be written."""
    path.touch(0o600, exist_ok=False)
    with _writing(), closing(connect(path)) as copied:
        copied.pragma("cache_size", -_CACHE)
        if isinstance(source, SqliteAdministration):
            source.copy_pages_to(copied, progress)
        else:
            with source.snapshot(), SqliteAdministration(path) as target:
                target.migrate()
                with target.load() as loader:
                    tally(parts(source), progress("copying", source.count_bindings()), lambda part: part.add_to(loader))
                    loader.finish(progress)
        copied.pragma("journal_mode", "DELETE")
        rewrite(copied)  # pages that were copied hold some of what was deleted
        if flaw := _flaw(copied):
            raise StorageDamaged(f"a copy of it does not hold together: {flaw}")
        with SqliteAdministration(path) as held:
            counts, sha256 = tally(parts(held), progress("counting", held.count_bindings()))
        with transaction(copied):
            copied.execute(_MAKE)
            recorded = (now(), installed("chat-bindings"), *counts, sha256)
            copied.execute("INSERT INTO backup VALUES (?, ?, ?, ?, ?, ?, ?)", recorded)
            copied.pragma("application_id", BACKUP)
    return counts


def restore(
    path: Path, target: Administration, check: Callable[[Part], None], progress: Progress, *, replace: bool
) -> Counts:
    """Make a database hold the rows of a backup, and nothing else; when this raises, it holds what it held.

    `check` raises `BadBackup` for a bad part. Raises `Conflict` where there is something that is not to be replaced.
    """
    with Backup(path) as backup:
        described = backup.described()
        counts = described.counts
        if tally(_read(parts(backup)), progress("checking", counts.bindings), check) != described:
            raise BadBackup("must hold the very rows that it was made of: it is damaged, or was changed")
        target.migrate()
        if not replace and (held := sum(1 for _ in target.accounts())):
            raise Conflict(f"the database holds {held} account{'s' * (held > 1)}: name a new one, or give --replace")
        with target.load() as loader:
            for account in list(target.accounts()):
                loader.remove_account(account.sid)
            loading = progress("restoring", counts.bindings)
            try:
                loaded = tally(_read(parts(backup)), loading, lambda part: part.add_to(loader))
                loader.finish(progress)
            except Conflict as error:
                raise BadBackup(f"must hold nothing twice, and nothing that belongs to nothing: {error}") from error
            if loaded != described:
                raise BadBackup("must not change while it is restored")
    return counts


class Backup(SqliteAdministration):
    """A backup that is read, and of which nothing is executed."""

    def described(self) -> Tally:
        """Return the recorded number and SHA-256 of its rows. Raises `BadBackup` for what is no backup."""
        if application_id(self.path) != BACKUP:
            raise BadBackup("must be what `chat-bindings backup` has finished")
        with _reading():
            connection = self._open()
            state = schema(connection)
            if state.newer:
                raise BadBackup("must not be of a newer version of chat-bindings: restore it with that one")
            if connection.execute(_TABLES).fetchall() != _tables_of_ours(state.applied):
                raise BadBackup("must have the tables of chat-bindings, as they were made")
            recorded = connection.execute("SELECT accounts, api_keys, services, bindings, sha256 FROM backup")
            *counts, sha256 = recorded.fetchone() or (0, 0, 0, 0, "")
        return Tally(Counts(*counts), sha256)

    def _open(self) -> apsw.Connection:
        if self._opened is None:
            # immutable: neither is a log beside it taken for a part of it, nor anything written
            self._opened = connection = apsw.Connection(
                f"file:{quote(str(self.path.absolute()))}?immutable=1",
                flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI,
            )
            connection.config(apsw.SQLITE_DBCONFIG_DEFENSIVE, 1)
            connection.config(apsw.SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0)
            connection.config(apsw.SQLITE_DBCONFIG_ENABLE_TRIGGER, 0)
            connection.config(apsw.SQLITE_DBCONFIG_ENABLE_VIEW, 0)
            connection.pragma("query_only", "ON")
            connection.pragma("cell_size_check", "ON")
        return self._opened


def _tables_of_ours(number: int) -> list[tuple[object, ...]]:
    connection = apsw.Connection(":memory:")
    connection.execute("".join(script for each, script in scripts("sqlite") if each <= number) + _MAKE)
    return connection.execute(_TABLES).fetchall()


def _read(found: Iterable[Part]) -> Iterator[Part]:
    with _reading():
        yield from found


@contextmanager
def _reading() -> Iterator[None]:
    """Raise SQLite's errors as `BadBackup`, but those of an unavailable file."""
    try:
        with storage_errors():
            yield
    except StorageDamaged as error:
        raise BadBackup(f"must be a whole SQLite database: {error}") from error
    except (apsw.Error, ValueError, TypeError) as error:
        raise BadBackup(f"must be as `chat-bindings backup` made it: {error}") from error


def _flaw(connection: apsw.Connection) -> str:
    """Return the first flaw that SQLite finds in a file; empty for none."""
    checked = connection.execute("PRAGMA integrity_check(1)").get
    if checked != "ok":
        return str(checked)
    orphan = connection.execute("PRAGMA foreign_key_check").fetchone()
    return f"a row of {orphan[0]} belongs to nothing in {orphan[2]}" if orphan else ""


@contextmanager
def _writing() -> Iterator[None]:
    """Raise SQLite's errors of writing as `OSError`."""
    try:
        with storage_errors():
            yield
    except StorageUnavailable as error:
        # of what fails while pages are copied, SQLite's own text is "not an error"
        if isinstance(error.__cause__, apsw.FullError):
            raise OSError(ENOSPC, "database or disk is full") from error
        if getattr(error.__cause__, "extendedresult", 0) in _WRITING:
            raise OSError(EIO, "disk I/O error") from error
        raise
