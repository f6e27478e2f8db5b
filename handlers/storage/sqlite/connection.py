"""Connections to an SQLite file, its schema, and its errors: unavailable or damaged.

APSW brings one recent SQLite to every machine; Python's own `sqlite3` is whatever a machine has. A process must not
open the same file by both: closing it in one drops the locks of the other.
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

LOCK_TIMEOUT = 2.0
"""Seconds to wait for a lock before the database counts as unavailable."""

RETRY_EVERY = 0.003
"""Seconds between attempts to get a lock."""

_CHECKPOINT_AGAIN = 0.05
"""Seconds between attempts to make a checkpoint."""

_LEAST_INDEX = 32768
"""Bytes of the smallest complete index of a log. A full disk leaves shorter ones."""

BACKUP = 0x63686262
"""The application id of a backup: "chbb" in ASCII."""

_NO_SLEEP = "chat-bindings-no-sleep"


class _NoSleep(apsw.VFS):
    """SQLite's own file access without its sleep, for connections on an event loop.

    SQLite retries some locks of the write-ahead log's index for ten seconds, whatever the busy timeout is
    (`walTryBeginRead` in its wal.c); without sleep, for a millisecond.
    """

    def __init__(self) -> None:
        super().__init__(_NO_SLEEP, "")

    def xSleep(self, microseconds: int) -> int:  # noqa: N802 - as SQLite calls it
        return microseconds


_no_sleep = _NoSleep()  # registered for as long as it is referenced

T = TypeVar("T")

# Errors that other processes, full disks and lost mounts cause.
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


class storage_errors:  # noqa: N801 - reads as a verb; a class, since a generator costs as much as a lookup
    """Raise SQLite's errors as `StorageUnavailable` or `StorageDamaged`."""

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


def connect(path: Path, *, on_event_loop: bool = False) -> apsw.Connection:
    """Open the file at `path`, which must be there; read-only, where it may not be written.

    `on_event_loop` makes a connection that waits for no lock. It must only read: through a VFS of Python's, SQLite
    flushes with the interpreter locked.
    """
    real = os.path.realpath(path)
    vfs = _NO_SLEEP if on_event_loop else ""
    one_thread = apsw.SQLITE_OPEN_NOMUTEX if on_event_loop else 0  # SQLite then locks no mutex for each call
    try:
        return _open(real, apsw.SQLITE_OPEN_READWRITE | one_thread, vfs)
    except (apsw.CantOpenError, apsw.ReadOnlyError, apsw.IOError, apsw.FullError) as error:
        if obstacle := _obstacle(real):
            raise StorageUnavailable(obstacle) from error
        if _is_in_use(real):
            raise
    # SQLite cannot make the index of a log that it needs even to read; no process has one, so the file is all
    return _open(f"file:{quote(real)}?immutable=1", apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI | one_thread, vfs)


def _open(name: str, flags: int, vfs: str) -> apsw.Connection:
    connection = apsw.Connection(name, flags=flags, vfs=vfs or None, statementcachesize=512)
    try:
        connection.set_busy_timeout(0 if vfs else round(LOCK_TIMEOUT * 1000))
        # without it SQLite plans a statement again whenever a bound of its range or its LIMIT changes: at each page
        connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
        connection.pragma("synchronous", "FULL")  # acknowledged means on disk
        connection.pragma("secure_delete", "ON")  # a deleted row is zeroed where it stands
        connection.pragma("foreign_keys", "ON")
        connection.pragma("temp_store", "MEMORY")  # no personal data in temporary files
        schema(connection)  # the first read, which needs all of its files
    except BaseException:
        connection.close()
        raise
    return connection


def closed() -> apsw.Connection:
    """Return a closed connection, which stands for a database that is unavailable."""
    connection = apsw.Connection(":memory:")
    connection.close()
    return connection


def _obstacle(path: str) -> str:
    """Return why this process cannot read a database; empty where the cause is unknown."""
    if not os.path.exists(path):  # noqa: PTH110 - as SQLite gets it
        return f"there is no file {path}"
    for file in (path, f"{path}-wal", f"{path}-shm"):
        if os.path.exists(file) and not os.access(file, os.R_OK):  # noqa: PTH110
            return f"this user may not read {file}"
    if _size(f"{path}-wal") and _size(f"{path}-shm") < _LEAST_INDEX:
        return (
            f"the latest changes are in {path}-wal, which only a process that may write to its folder can read: "
            "copy both files to a folder that you may write to, and use the copy"
        )
    return ""


def _is_in_use(path: str) -> bool:
    """Test if another process has a database open, or has left a log or journal to recover."""
    return bool(_size(f"{path}-wal") or _size(f"{path}-journal") or _size(f"{path}-shm") >= _LEAST_INDEX)


def _size(path: str) -> int:
    return os.stat(path).st_size if os.path.exists(path) else 0  # noqa: PTH110, PTH116


async def retry(do: Callable[[], T]) -> T:
    """Retry while the database is unavailable, within `LOCK_TIMEOUT`. The event loop is free between attempts."""
    deadline = time.monotonic() + LOCK_TIMEOUT
    while True:
        try:
            with storage_errors():
                return do()
        except StorageUnavailable:
            if time.monotonic() > deadline:
                raise
        await asyncio.sleep(RETRY_EVERY)


def migrate(connection: apsw.Connection) -> int:
    """Apply the missing migrations, each in its own transaction. Return the number of the last one."""
    state = schema(connection)
    if state.newer:
        raise Conflict("the database was made by a newer version of chat-bindings: use that version, or another file")
    if not state.current:  # else no lock is taken: a long import may hold it
        connection.pragma("journal_mode", "WAL")
        for number, script in scripts("sqlite"):
            with transaction(connection):  # of several processes that start at once, one migrates
                if schema(connection).applied < number:
                    connection.execute(script)
                    connection.pragma("user_version", number)
    return state.latest


def schema(connection: apsw.Connection) -> Schema:
    """Return the schema's version and the latest one."""
    return Schema(int(connection.pragma("user_version")), scripts("sqlite")[-1][0])


@contextmanager
def transaction(connection: apsw.Connection, kind: str = "IMMEDIATE") -> Iterator[None]:
    """Commit when the block ends; roll back when it raises."""
    connection.execute(f"BEGIN {kind}")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # a full disk has rolled back already
            connection.execute("ROLLBACK")
        raise


def truncate_log(connection: apsw.Connection, timeout: float = 0.0) -> bool:
    """Move the write-ahead log into the file, and empty it: whether others let it within some seconds."""
    deadline = time.monotonic() + timeout
    while True:
        # a long read is waited for without a lock: emptying the log keeps writers waiting as well
        with suppress(apsw.BusyError):
            in_the_log, moved = connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
            if moved >= in_the_log:
                connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
                return True
        if time.monotonic() >= deadline:
            return False
        time.sleep(_CHECKPOINT_AGAIN)
