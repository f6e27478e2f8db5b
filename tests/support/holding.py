"""Locks on a database, held by another process for SQLite."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from .databases import DATABASES, Place

_BEGIN = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN {}")
connection.execute("SELECT * FROM sqlite_schema").fetchone()
print("held", flush=True)
sys.stdin.read()
connection.execute("ROLLBACK")
"""
HOLD_WRITES, HOLD_SNAPSHOT = _BEGIN.format("IMMEDIATE"), _BEGIN.format("DEFERRED")

# In WAL mode no writer keeps a reader waiting. What does is a lock on the bytes of the WAL-index that readers lock
# (https://www.sqlite.org/walformat.html, 2.2.2): 120 to 122 are writing, checkpoint and recovery, 123 to 127 reading.
HOLD_EVERYTHING = """
import fcntl, sys
with open(sys.argv[1] + "-shm", "r+b") as index:
    for byte in range(120, 128):
        fcntl.lockf(index, fcntl.LOCK_EX, 1, byte)
    print("held", flush=True)
    sys.stdin.read()
"""


LOCK_ALL = "LOCK TABLE accounts, api_keys, services, bindings IN ACCESS EXCLUSIVE MODE"


@contextmanager
def held(program: str, database: Place) -> Iterator[int | None]:
    """Hold locks on the database in another process, and yield its id; on PostgreSQL in a session, on all of it."""
    if isinstance(database, str):
        assert program == HOLD_EVERYTHING
        with DATABASES.connect(database) as connection, connection.transaction():
            connection.execute(LOCK_ALL)
            yield None
        return
    with subprocess.Popen(
        [sys.executable, "-c", program, database], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process.pid
        process.stdin.close()
        assert process.wait(60) == 0
