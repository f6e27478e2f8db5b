"""The least cost of inserting: `python -m tests.load.bench.executemany DATABASE SIZE`.

Python's own `sqlite3` inserts the rows of a population by `executemany` into the same tables and indexes, with the same
settings as an import, in one transaction. Prints the seconds of inserting alone: rows are made between the batches.
"""

import hashlib
import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path

from ..worlds import (
    ACCOUNT,
    MESSAGE_TYPES,
    SERVICE,
    TOKEN,
    UPDATED,
    Population,
    credential_sid,
    date_created,
    endpoint,
    sid,
)
from .contending import ROOT
from .results import say

_TOGETHER = 10_000
_MIGRATIONS = ROOT / "handlers" / "storage" / "migrations" / "sqlite"
_SETTINGS = {
    "journal_mode": "WAL",
    "synchronous": "FULL",
    "secure_delete": "ON",
    "foreign_keys": "ON",
    "temp_store": "MEMORY",
    "cache_size": -176 * 1024,  # as much as an import has
}
_INSERT = """
    INSERT INTO bindings (service_sid, key_sha256, sid, date_created, date_updated, endpoint, identity, binding_type,
                          credential_sid, message_types)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""


def row(population: Population, number: int) -> tuple[str | bytes, ...]:
    """A Binding of a population, as its table has it."""
    identity, kind = population.identity(number), population.binding_type(number)
    key = hashlib.sha256(f"{identity}\0{endpoint(number)}\0{kind}".encode()).digest()
    return (SERVICE, key, sid(number), date_created(number), UPDATED, endpoint(number), identity, kind,
            credential_sid(number), MESSAGE_TYPES)  # fmt: skip


def insert(database: Path, population: Population) -> float:
    """Insert all of a population into a new file: the seconds that SQLite took."""
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        for name, value in _SETTINGS.items():
            connection.execute(f"PRAGMA {name} = {value}")
        for script in sorted(_MIGRATIONS.glob("*.sql")):
            connection.executescript(script.read_text(encoding="utf-8"))
        token = hashlib.sha256(TOKEN.encode()).hexdigest()
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO accounts (sid, auth_token_sha256) VALUES (?, ?)", (ACCOUNT, token))
        connection.execute("INSERT INTO services (sid, account_sid) VALUES (?, ?)", (SERVICE, ACCOUNT))
        seconds = 0.0
        for begin in range(0, population.size, _TOGETHER):
            end = min(begin + _TOGETHER, population.size)
            rows = [row(population, number) for number in range(begin, end)]
            started = time.perf_counter()
            connection.executemany(_INSERT, rows)
            seconds += time.perf_counter() - started
        started = time.perf_counter()
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return seconds + time.perf_counter() - started


if __name__ == "__main__":
    say(str(insert(Path(sys.argv[1]), Population(int(sys.argv[2])))))
