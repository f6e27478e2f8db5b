"""A file that is deleted, moved or replaced while it is open, or that a symbolic link no longer leads to.

SQLite goes on with the file that it opened, wherever that is: what it then writes is lost with the last handle. And its
write-ahead log is found by its path, so a log that is left behind would be applied to another file that comes there.
"""

import ctypes
from contextlib import suppress
from pathlib import Path

import apsw

from ..interface import StorageUnavailable
from .connection import truncate_log


def has_moved(connection: apsw.Connection) -> bool:
    """Whether the file is no longer at its path; a connection that was closed has none."""
    moved = ctypes.c_int(0)
    try:
        connection.file_control("main", apsw.SQLITE_FCNTL_HAS_MOVED, ctypes.addressof(moved))
    except apsw.ConnectionClosedError:
        return True
    return bool(moved.value)


def is_at(connection: apsw.Connection, path: Path) -> bool:
    """Whether `path` leads to the file that a connection has open."""
    try:
        return not has_moved(connection) and path.samefile(connection.filename)
    except OSError:
        return False


def close(connection: apsw.Connection) -> None:
    """Close a connection. The last one removes the log by its path, where another file's may be by now: keep it."""
    with suppress(apsw.ConnectionClosedError):
        if has_moved(connection):
            keep = ctypes.c_int(1)
            connection.file_control("main", apsw.SQLITE_FCNTL_PERSIST_WAL, ctypes.addressof(keep))
        connection.close()


def leave(connection: apsw.Connection) -> None:
    """Close a connection to a file that has moved, with nothing of it in the log that it leaves behind.

    Raises `StorageUnavailable` when that cannot be done now.
    """
    with suppress(apsw.ConnectionClosedError):
        if not truncate_log(connection):
            raise StorageUnavailable("another process is still using the file that was here")
        close(connection)
