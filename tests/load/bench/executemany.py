"""The least cost of inserting, by Python's own `sqlite3`."""

import hashlib
import json
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from .. import worlds
from ..figures import ROOT
from ..worlds import ACCOUNT, SERVICE, TOKEN, Population

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
COLUMNS = ("service_sid", "key_sha256", *worlds.binding(0, "", ""))
"""The columns of `row`."""


def row(population: Population, number: int) -> tuple[str | bytes, ...]:
    """Return a Binding of a population, as its table has it."""
    binding = worlds.binding(number, population.identity(number), population.binding_type(number))
    binding["message_types"] = json.dumps(binding["message_types"], separators=(",", ":"))
    key = "\0".join(binding[name] for name in ("identity", "endpoint", "binding_type"))
    return (SERVICE, hashlib.sha256(key.encode()).digest(), *binding.values())


def insert(database: Path, population: Population) -> float:
    """Insert all of a population by `executemany` into a new file: the seconds that SQLite took.

    It has the same tables, indexes and settings as an import, in one transaction. Rows are made between the batches.
    """
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        for name, value in _SETTINGS.items():
            connection.execute(f"PRAGMA {name} = {value}")
        for script in sorted(_MIGRATIONS.glob("*.sql")):
            connection.executescript(script.read_text(encoding="utf-8"))
        token = hashlib.sha256(TOKEN.encode()).hexdigest()
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO accounts (sid, auth_token_sha256) VALUES (?, ?)", (ACCOUNT, token))
        connection.execute("INSERT INTO services (sid, account_sid) VALUES (?, ?)", (SERVICE, ACCOUNT))
        insertion = f"INSERT INTO bindings ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})"
        seconds = 0.0
        for begin in range(0, population.size, _TOGETHER):
            end = min(begin + _TOGETHER, population.size)
            rows = [row(population, number) for number in range(begin, end)]
            started = time.perf_counter()
            connection.executemany(insertion, rows)
            seconds += time.perf_counter() - started
        started = time.perf_counter()
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return seconds + time.perf_counter() - started
