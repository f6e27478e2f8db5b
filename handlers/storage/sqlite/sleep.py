"""SQLite's sleep, which an event loop must not wait for.

SQLite waits for some locks of the write-ahead log's index for up to ten seconds, whatever busy timeout is set
(`walTryBeginRead` in its wal.c). It sleeps by a function of its file access (VFS). That function is replaced by one
that returns at once on the thread of an event loop, so that SQLite gives up after a hundred tries without a pause.
"""

import asyncio
import ctypes
import time
from contextlib import suppress

import apsw

_SLEEP = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int)


class _VFS(ctypes.Structure):
    """The beginning of `sqlite3_vfs` (https://www.sqlite.org/c3ref/vfs.html)."""

    _fields_ = (
        ("numbers", ctypes.c_int * 3),
        ("next_name_and_data", ctypes.c_void_p * 3),
        ("open_to_randomness", ctypes.c_void_p * 9),
        ("sleep", ctypes.c_void_p),
    )


def _sleep(_: int | None, microseconds: int) -> int:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        time.sleep(microseconds / 1_000_000)
    return microseconds


_address: int | None = None
with suppress(MemoryError):  # where the system lets no program make code: SQLite sleeps as ever
    _callback = _SLEEP(_sleep)
    _address = ctypes.cast(_callback, ctypes.c_void_p).value


def spare_event_loops(connection: apsw.Connection) -> None:
    """Let no connection that has the same file access as this one make an event loop sleep."""
    vfs = ctypes.c_void_p()
    connection.file_control("main", apsw.SQLITE_FCNTL_VFS_POINTER, ctypes.addressof(vfs))
    if vfs.value and _address:
        _VFS.from_address(vfs.value).sleep = _address
