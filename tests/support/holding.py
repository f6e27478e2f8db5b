"""Locks on a database, held by another process for SQLite."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from .databases import DATABASES, Place

HOLD_WRITES = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
connection.execute("ROLLBACK")
"""

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
def held(program: str, database: Place) -> Iterator[None]:
    """Somebody else holds locks on the database while the block runs; on PostgreSQL on all of it."""
    if isinstance(database, str):
        assert program == HOLD_EVERYTHING
        with DATABASES.connect(database) as connection, connection.transaction():
            connection.execute(LOCK_ALL)
            yield
        return
    with subprocess.Popen(
        [sys.executable, "-c", program, database], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield
        process.stdin.close()
        assert process.wait(60) == 0
