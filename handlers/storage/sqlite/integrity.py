"""Whether an SQLite file holds together."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw

from .connection import connect

_CACHE = 176 * 1024
"""KiB of pages to hold at the most: a check reads an index in one order, and the rows that it leads to in another."""


@contextmanager
def opened(path: Path) -> Iterator[apsw.Connection]:
    """A connection to a file that is read from one end to the other."""
    connection = connect(path)
    try:
        connection.pragma("cache_size", -_CACHE)
        yield connection
    finally:
        connection.close()


def flaw(connection: apsw.Connection) -> str:
    """What SQLite finds wrong with a file; empty for nothing."""
    told = connection.execute("PRAGMA integrity_check(1)").get
    if told != "ok":
        return str(told)
    orphan = connection.execute("PRAGMA foreign_key_check").fetchone()
    return f"a row of {orphan[0]} belongs to nothing in {orphan[2]}" if orphan else ""
