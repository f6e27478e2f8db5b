"""Connections to an SQLite file, its schema, and which of its errors mean "away" rather than "broken".

By APSW and not by Python's own `sqlite3`: it brings one recent SQLite to every machine.
A process must not open the same file by both: closing it in one drops the locks of the other.
"""

import asyncio
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

import apsw

from ..interface import Conflict, Schema, StorageDamaged, StorageUnavailable
from ..migrations import scripts
from .sleep import spare_event_loops

PATIENCE = 2.0
"""How many seconds to wait for a lock before the database counts as away."""

_RETRY_EVERY = 0.003
"""Seconds after which the event loop asks for a lock again."""

_CHECKPOINT_AGAIN = 0.05
"""Seconds after which a checkpoint is tried again."""

_LEAST_INDEX = 32768
"""Bytes that the index of a log has at the least; one that is shorter was begun where there was no room for it."""

BACKUP = 0x63686262
"""The application id of a backup, by which it is told from a database: "chbb" in ASCII."""

T = TypeVar("T")

# What another process, a full disk or a vanished mount does to us.
_AWAY = (
    apsw.BusyError,
    apsw.LockedError,
    apsw.CantOpenError,
    apsw.ConnectionClosedError,
    apsw.FullError,
    apsw.IOError,
    apsw.ProtocolError,
    apsw.ReadOnlyError,
)
_DAMAGED = (apsw.CorruptError, apsw.NotADBError)


class away:  # noqa: N801 - reads as a verb; a class, since a generator costs as much as a lookup
    """Tell a database that is away, which may come back, from one that is broken."""

    def __enter__(self) -> None: ...

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, apsw.ReadOnlyError):
            raise StorageUnavailable(
                "it cannot be written: it or its folder is read-only, or the disk is full"
            ) from error
        if isinstance(error, _AWAY):
            raise StorageUnavailable(str(error)) from error
        if isinstance(error, _DAMAGED):
            raise StorageDamaged(str(error)) from error


def extended_code(error: apsw.Error) -> int:
    """SQLite's extended result code, which says which constraint failed."""
    return int(getattr(error, "extendedresult", 0))


def connect(path: Path, *, patience: float = PATIENCE, create: bool = False) -> apsw.Connection:
    """Open the file at `path`. Transactions are begun by hand; `patience` is the wait for a lock, in seconds.

    One that may not be written is opened to be read. SQLite needs an index of the write-ahead log beside it even then;
    where that cannot be made, a file that nobody has open is read by itself alone.
    """
    real = os.path.realpath(path)
    flags = apsw.SQLITE_OPEN_READWRITE | (apsw.SQLITE_OPEN_CREATE if create else 0)
    try:
        return _open(real, flags, patience)
    except (apsw.CantOpenError, apsw.ReadOnlyError, apsw.IOError, apsw.FullError) as error:
        if obstacle := _obstacle(real):
            raise StorageUnavailable(obstacle) from error
        if _is_in_use(real):
            raise
    return _open(f"file:{quote(real)}?immutable=1", apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI, patience)


def _open(name: str, flags: int, patience: float) -> apsw.Connection:
    connection = apsw.Connection(name, flags=flags, statementcachesize=512)
    try:
        spare_event_loops(connection)
        connection.set_busy_timeout(round(patience * 1000))
        # without it SQLite plans a statement anew whenever a bound of its range or its LIMIT changes: at each page
        connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
        connection.pragma("synchronous", "FULL")  # acknowledged means on disk
        connection.pragma("secure_delete", "ON")  # a deleted row is zeroed where it stands
        connection.pragma("foreign_keys", "ON")
        connection.pragma("temp_store", "MEMORY")  # no personal data in temporary files
        version(connection)  # the first read, which needs all of its files
    except BaseException:
        connection.close()
        raise
    return connection


def closed() -> apsw.Connection:
    """A connection that is closed: that to a database that is away."""
    connection = apsw.Connection(":memory:")
    connection.close()
    return connection


def _obstacle(path: str) -> str:
    """Why this process cannot even read a database, where that can be known."""
    if not os.path.exists(path):  # noqa: PTH110 - as SQLite gets it
        return f"there is no file {path}"
    for file in (path, f"{path}-wal", f"{path}-shm"):
        if os.path.exists(file) and not os.access(file, os.R_OK):  # noqa: PTH110
            return f"this user may not read {file}"
    if _size(f"{path}-wal") and _size(f"{path}-shm") < _LEAST_INDEX:
        return (
            f"the latest changes stand in {path}-wal, which only a process that may write in its folder can read: "
            "copy both files to where you may write, and use the copy"
        )
    return ""


def _is_in_use(path: str) -> bool:
    """Whether another process has a database open, or has left something of it to be recovered."""
    return bool(_size(f"{path}-wal") or _size(f"{path}-journal") or _size(f"{path}-shm") >= _LEAST_INDEX)


def _size(path: str) -> int:
    return os.stat(path).st_size if os.path.exists(path) else 0  # noqa: PTH110, PTH116


async def patiently(do: Callable[[], T]) -> T:
    """Do what meets a lock again and again, until the database counts as away; the event loop goes on meanwhile."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            with away():
                return do()
        except StorageUnavailable:
            if time.monotonic() > deadline:
                raise
        await asyncio.sleep(_RETRY_EVERY)


def migrate(connection: apsw.Connection) -> int:
    """Apply the migrations that are missing, each in a transaction of its own: the number of the last one."""
    steps = scripts("sqlite")
    last, _ = steps[-1]
    if version(connection) > last:
        raise Conflict("the database was made by a newer version of chat-bindings: use that version, or another file")
    if version(connection) == last:  # asks for no lock, which a long import may hold
        return last
    connection.pragma("journal_mode", "WAL")
    for number, script in steps:
        with transaction(connection):  # of several processes that start at once, one migrates
            if version(connection) < number:
                connection.execute(script)
                connection.pragma("user_version", number)
    return version(connection)


def schema(connection: apsw.Connection) -> Schema:
    """How far the schema is."""
    return Schema(version(connection), scripts("sqlite")[-1][0])


def must_be_current(connection: apsw.Connection) -> None:
    """Raise `StorageUnavailable` when the schema is not that of the last migration."""
    if version(connection) != scripts("sqlite")[-1][0]:
        raise StorageUnavailable("what is there now holds no data of this version")


def version(connection: apsw.Connection) -> int:
    """The number of the last migration that was applied."""
    return int(connection.pragma("user_version"))


@contextmanager
def transaction(connection: apsw.Connection, kind: str = "IMMEDIATE") -> Iterator[None]:
    """All that is done inside is done when the block ends, or nothing of it when the block raises."""
    connection.execute(f"BEGIN {kind}")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # a full disk has rolled back already
            connection.execute("ROLLBACK")
        raise


def truncate_log(connection: apsw.Connection, patience: float = 0.0) -> bool:
    """Move the write-ahead log into the file, and empty it: whether others let it within some seconds.

    A long read, such as a backup's, is waited for without a lock: emptying the log keeps writers waiting as well.
    """
    deadline = time.monotonic() + patience
    while True:
        with suppress(apsw.BusyError):
            in_the_log, moved = connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
            if moved >= in_the_log:
                connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
                return True
        if time.monotonic() >= deadline:
            return False
        time.sleep(_CHECKPOINT_AGAIN)
