"""Remains of deleted Bindings in PostgreSQL's files, step by step: `make erasure`.

A hundredth of the Bindings are of users whose identities and endpoints hold a mark, and are deleted. After each step
the mark is looked for in every file of the server's: how often it stands in the table, in its indexes, in the other
tables and in the write-ahead log.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from chat_bindings.storage.engines import administration
from chat_bindings.storage.interface import AccountRow, ServiceRow

from ..support.postgres import Postgres
from ..support.running import CLI
from .bench import machine
from .bench.results import say, table
from .commands import measured
from .worlds import ACCOUNT, SERVICE

MARK = "doomed-"
_KINDS = ("table", "indexes", "other tables", "log")

# A scattered order, as users register in; of a hundred Bindings one is to be deleted.
_FILL = """
    INSERT INTO bindings
    SELECT '{service}', 'BS' || lpad(to_hex(n), 32, '0'), sha256(n::text::bytea),
           mark || 'user-' || (n::bigint * 7919 % {size}) || '@example.com', mark || md5(n::text) || md5('x' || n),
           'apn', 'CR' || lpad('1', 32, '0'), '["new_message"]', '2016-10-21T11:37:03Z', '2016-10-21T11:37:03Z'
    FROM generate_series(1, {size}) AS n,
         LATERAL (SELECT CASE WHEN n % 100 = 0 THEN '{mark}' ELSE '' END) AS m (mark)"""


class Looking:
    """A database, and what was found in the server's files after each step."""

    def __init__(self, server: Postgres, database: str) -> None:
        self._server = server
        self._database = database
        self.rows: list[list[str]] = []

    def step(self, label: str, do: Callable[[], object]) -> None:
        """Do something and look; what it changed is written to the files first."""
        began = time.monotonic()
        do()
        seconds = time.monotonic() - began
        self._server.execute("CHECKPOINT")
        self._note(label, f"{seconds:.1f}", self._found(self._server.data))

    def backup(self, label: str, folder: Path) -> None:
        """Look into a backup that was taken by copying files."""
        self._note(label, "", self._found(folder))

    def sql(self, *statements: str) -> Callable[[], None]:
        """Statements to be run one after the other."""

        def run() -> None:
            for statement in statements:
                self._server.execute(statement, self._database)

        return run

    def _note(self, label: str, seconds: str, found: Counter[str]) -> None:
        self.rows.append([label, seconds, *(f"{found[kind]:,}" for kind in _KINDS)])
        say(" | ".join(self.rows[-1]))

    def _found(self, folder: Path) -> Counter[str]:
        query = (
            "SELECT pg_relation_filenode(oid)::text, relname FROM pg_class WHERE pg_relation_filenode(oid) IS NOT NULL"
        )
        names = dict(self._server.execute(query, self._database))
        found: Counter[str] = Counter()
        for file in filter(Path.is_file, folder.rglob("*")):
            name = names.get(file.name.split(".")[0].split("_")[0], "")
            kind = "table" if name == "bindings" else "indexes" if name.startswith("bindings_") else "other tables"
            kind = "log" if "pg_wal" in file.parts else kind
            found[kind] += file.read_bytes().count(MARK.encode())
        return found


def measure(server: Postgres, size: int) -> list[list[str]]:
    """All steps."""
    name = server.create_database()
    with administration(server.url(name)) as storage:
        storage.migrate()
        storage.create_account(AccountRow(ACCOUNT, "0" * 64))
        storage.create_service(ServiceRow(SERVICE, ACCOUNT))
    looking = Looking(server, name)
    sql = looking.sql
    looking.step("registered", sql(_FILL.format(service=SERVICE, size=size, mark=MARK), "VACUUM ANALYZE bindings"))
    looking.step("DELETE", sql(f"DELETE FROM bindings WHERE service_sid = '{SERVICE}' AND identity LIKE '{MARK}%'"))
    looking.step("VACUUM", sql("VACUUM bindings"))
    backup, address = server.folder / "backup", ("-h", "127.0.0.1", "-p", server.port, "-U", "postgres")
    server.run("pg_basebackup", "-D", backup, *address, "-c", "fast", "-N")
    looking.backup("pg_basebackup now", backup)
    dumped = server.run("pg_dump", *address, name).count(MARK)
    looking.rows.append(["pg_dump now", "", f"{dumped:,}", "", "", ""])
    looking.step("REINDEX TABLE CONCURRENTLY", sql("REINDEX TABLE CONCURRENTLY bindings"))
    looking.step("ten new segments of the log", sql(*["SELECT pg_switch_wal()", "CHECKPOINT"] * 10))

    def erase() -> None:
        done = measured([*CLI, "database", "erase", "--database", server.url(name)])
        say(done.stdout + done.stderr)

    looking.step("`database erase`", erase)
    return looking.rows


def main() -> int:
    """Measure with the server's own `wal_recycle`, and with the setting that `database erase` needs."""
    parser = argparse.ArgumentParser(prog="python -m tests.load.erasure", description=__doc__)
    parser.add_argument("size", nargs="?", type=int, default=1_000_000, help="number of Bindings")
    size = parser.parse_args().size
    say(machine.sentence(machine.describe()))
    for recycle in ("on", "off"):
        settings = {"wal_recycle": recycle, "shared_buffers": "512MB", "max_wal_size": "1GB", "autovacuum": "off"}
        with Postgres(fsync=True, settings=settings) as server:
            rows = measure(server, size)
        say("", f"wal_recycle = {recycle}:", "", *table(["after", "seconds", *_KINDS], rows), "")
    return 0


if __name__ == "__main__":
    sys.exit(main())
