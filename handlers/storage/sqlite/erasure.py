"""Erasure of deleted data from every byte of an SQLite database's files.

`PRAGMA secure_delete` zeroes a deleted row where it stands. SQLite also moves rows between pages as its trees grow and
shrink, and leaves copies of them in the unallocated space of the pages that they left (measured: a few of ten thousand
deleted rows stayed readable). And the write-ahead log holds pages as they were. So the database is rewritten without
deleted data, and the log is truncated.
"""

from pathlib import Path

import apsw

from .connection import LOCK_TIMEOUT, truncate_log
from .readers import describe_readers

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


def erase(connection: apsw.Connection) -> list[str]:
    """Erase all deleted data from the database's files. Return the obstacles, a sentence each.

    Other processes read meanwhile; their writes wait. The connection must not be in a transaction.
    """
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
