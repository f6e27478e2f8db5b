"""Erasure of deleted data from every byte of an SQLite database's files, and the processes that prevent it.

`PRAGMA secure_delete` zeroes a deleted row where it stands, but SQLite leaves copies of rows in pages from which it
moved them (a few of ten thousand deleted rows stayed readable), and the write-ahead log holds pages as they were.
"""

import os
from contextlib import suppress
from pathlib import Path

import apsw

from .connection import LOCK_TIMEOUT, truncate_log

_WRITERS_FOR, _READERS_FOR = 10.0, 5.0
"""Seconds to wait for the end of another process's write, and of its reads."""

_FULL = (
    "the disk is full: writing the database anew takes twice its size ({size:,} bytes) of free space beside it, and "
    "once its size in the folder that SQLITE_TMPDIR or TMPDIR names (/var/tmp by default)"
)
_WRITER = "another process writes to the database: try again when it has ended, as an import does"
_READER = (
    "a reader keeps the write-ahead log, where deleted data stands ({readers}): try again when it has ended, as a "
    "backup or an export does"
)

_READ_LOCKS = range(123, 128)
"""Bytes of the log's index that readers lock (https://www.sqlite.org/walformat.html, 2.2.2)."""


def erase(connection: apsw.Connection) -> list[str]:
    """Erase all deleted data from the database's files. Return the obstacles, a sentence each."""
    try:
        connection.set_busy_timeout(round(_WRITERS_FOR * 1000))
        rewrite(connection)
    except apsw.BusyError:
        return [_WRITER]
    except apsw.FullError:
        return [_FULL.format(size=connection.pragma("page_count") * connection.pragma("page_size"))]
    finally:
        connection.set_busy_timeout(round(LOCK_TIMEOUT * 1000))
    if truncate_log(connection, _READERS_FOR):
        return []
    return [_READER.format(readers=describe_readers(Path(connection.filename)))]


def rewrite(connection: apsw.Connection) -> None:
    """Rewrite a database without deleted data. The temporary copy is a file: it may not fit the memory."""
    connection.pragma("temp_store", "FILE")
    connection.execute("VACUUM")


def describe_readers(path: Path) -> str:
    """Name the processes that read the database; where the system does not list locks, only that there are some."""
    with suppress(OSError):
        inode = os.stat(f"{os.path.realpath(path)}-shm").st_ino  # noqa: PTH116 - SQLite's name, not a path's suffix
        if pids := sorted(_readers(inode)):
            return ", ".join(f"process {pid} ({_name(pid)})" for pid in pids)
    return "another process"


def _readers(inode: int) -> set[int]:
    found = set()
    for line in Path("/proc/locks").read_text(encoding="ascii").splitlines():
        fields = [field for field in line.split() if field != "->"]
        pid, file, first = int(fields[4]), fields[5], int(fields[6])
        if file.rpartition(":")[2] == str(inode) and first in _READ_LOCKS and pid > 0:
            found.add(pid)
    return found


def _name(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8", errors="replace").strip()
    return "ended"
