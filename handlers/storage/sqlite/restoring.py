"""Restores backups: into a new SQLite file, or in the place of what a database of any engine holds."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import apsw

from .. import copying
from ..interface import Administration, Conflict, StorageDamaged, StorageUnavailable
from ..progress import Progress
from ..unfinished import folder_for, settle
from . import manifest
from .administration import SqliteAdministration
from .connection import away, migrate
from .integrity import opened
from .manifest import BadBackup, Contents

_SCHEMA = "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite%' ORDER BY name"


def restore(backup: IO[bytes], target: Administration, progress: Progress, *, replace: bool) -> Contents:
    """Make a database hold what a backup holds, and nothing else; when this raises, it is as it was.

    Raises `BadBackup`, and `Conflict` where it holds something that is not to be replaced.
    """
    path = target.path if isinstance(target, SqliteAdministration) else None
    new = path if path and not path.exists() else None
    if new:
        _must_be_alone(new)
    else:
        target.migrate()
        _must_be_free(target, replace=replace)
    with _folder(path) as folder:
        unpacked = folder / "restored.db"
        with unpacked.open("xb") as file:
            unpacked.chmod(0o600)
            shutil.copyfileobj(backup, file, 1 << 20)
        contents = _unpack(unpacked)
        if new:
            _settle(unpacked, new)
        else:
            _load(unpacked, target, progress)
    return contents


def _must_be_alone(path: Path) -> None:
    """SQLite would take what stands beside a file for the latest changes of it."""
    for name in (f"{path.name}-wal", f"{path.name}-journal"):
        if path.with_name(name).exists():
            raise Conflict(f"{path.with_name(name)} is left of another database: move it away first")


def _must_be_free(target: Administration, *, replace: bool) -> None:
    if not replace and (held := sum(1 for _ in target.accounts())):
        raise Conflict(f"the database holds {held} account{'s' * (held > 1)}: name a new one, or give --replace")


@contextmanager
def _folder(path: Path | None) -> Iterator[Path]:
    if path is None:
        with tempfile.TemporaryDirectory(prefix="chat-bindings-") as folder:
            yield Path(folder)
        return
    try:
        with folder_for(path.absolute()) as folder:
            yield folder
    except OSError as error:
        raise StorageUnavailable(f"{path}: {error.strerror}") from error


def _unpack(path: Path) -> Contents:
    """Check a backup, and make of it, in its own file, a database of today's schema."""
    with _reading():
        contents = manifest.check(path)
        with opened(path) as connection:
            manifest.remove(connection)
            try:
                migrate(connection)
            except Conflict as error:
                raise BadBackup("must not be of a newer version of chat-bindings: restore it with that one") from error
            connection.pragma("journal_mode", "WAL")
            if connection.execute(_SCHEMA).fetchall() != _schema_of_ours():
                raise BadBackup("must have the tables of chat-bindings, and no others")
    return contents


def _schema_of_ours() -> list[tuple[object, ...]]:
    connection = apsw.Connection(":memory:")
    migrate(connection)
    return connection.execute(_SCHEMA).fetchall()


@contextmanager
def _reading() -> Iterator[None]:
    """Tell a file that is no backup, in whatever way SQLite stumbles over it, from a machine that is in the way."""
    try:
        with away():
            yield
    except StorageDamaged as error:
        raise BadBackup(f"must be a whole SQLite database: {error}") from error
    except (apsw.Error, ValueError) as error:
        raise BadBackup(f"must be as `chat-bindings backup` made it: {error}") from error


def _settle(unpacked: Path, path: Path) -> None:
    try:
        settle(unpacked, path, replace=False)
    except FileExistsError:
        raise Conflict(f"{path} was made by another process meanwhile") from None


def _load(unpacked: Path, target: Administration, progress: Progress) -> None:
    if isinstance(target, SqliteAdministration):
        with away(), opened(unpacked) as source:
            target.copy_pages_from(source, progress)
        return
    with SqliteAdministration(unpacked) as source, target.load() as loader:
        for account in list(target.accounts()):
            loader.remove_account(account.sid)
        with progress("restoring", source.count_bindings()) as advance:
            copying.copy(source, loader, advance)
