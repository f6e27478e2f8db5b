"""Erasing deleted data from every byte of an SQLite database's files.

`PRAGMA secure_delete` zeroes a deleted row where it stands. SQLite also moves rows between pages as its trees grow and
shrink, and leaves copies of them in the unallocated space of the pages that they left (measured: a few of ten thousand
deleted rows stayed readable). And the write-ahead log holds pages as they were. So the database is written anew without
what was deleted, and the log is truncated.
"""

import time

import apsw

from .connection import PATIENCE, RETRY_EVERY, truncate_log

_WRITERS_FOR, _READERS_FOR = 10.0, 5.0
"""Seconds to wait for the end of another process's write, and of its reads."""

_FULL = (
    "the disk is full: writing the database anew takes twice its size ({size:,} bytes) of free space beside it, and "
    "once its size in the folder that SQLITE_TMPDIR or TMPDIR names (/var/tmp by default)"
)
_WRITER = "another process writes to the database: try again when it has ended, as an import does"
_READER = (
    "a reader keeps the write-ahead log, where deleted data stands: try again when it has ended, as a backup or an "
    "export does"
)


def erase(connection: apsw.Connection) -> list[str]:
    """Leave no byte of what was deleted in the database's files: what prevents it, a sentence each.

    Others read meanwhile; what they write waits. The connection must not be in a transaction.
    """
    try:
        connection.set_busy_timeout(round(_WRITERS_FOR * 1000))
        rewrite(connection)
    except apsw.BusyError:
        return [_WRITER]
    except apsw.FullError:
        return [_FULL.format(size=connection.pragma("page_count") * connection.pragma("page_size"))]
    finally:
        connection.set_busy_timeout(round(PATIENCE * 1000))
    return [] if _truncated(connection) else [_READER]


def rewrite(connection: apsw.Connection) -> None:
    """Write a database anew, without what was deleted. Its temporary copy may not fit the memory."""
    connection.pragma("temp_store", "FILE")
    connection.execute("VACUUM")


def _truncated(connection: apsw.Connection) -> bool:
    deadline = time.monotonic() + _READERS_FOR
    while not truncate_log(connection):
        if time.monotonic() > deadline:
            return False
        time.sleep(RETRY_EVERY)
    return True
