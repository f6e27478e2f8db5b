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

from ..support.postgres import Postgres
from .commands import measure as measure_command
from .figures import machine, say, table
from .worlds import SERVICE, create_service

MARK = "doomed-"
_KINDS = ("table", "indexes", "other tables", "log")
_TABLES = "SELECT pg_relation_filenode(oid)::text, relname FROM pg_class WHERE pg_relation_filenode(oid) IS NOT NULL"

# A scattered order, as users register in; of a hundred Bindings one is to be deleted.
_FILL = """
    INSERT INTO bindings
    SELECT '{service}', 'BS' || lpad(to_hex(n), 32, '0'), sha256(n::text::bytea),
           mark || 'user-' || (n::bigint * 7919 % {size}) || '@example.com', mark || md5(n::text) || md5('x' || n),
           'apn', 'CR' || lpad('1', 32, '0'), '["new_message"]', '2016-10-21T11:37:03Z', '2016-10-21T11:37:03Z'
    FROM generate_series(1, {size}) AS n,
         LATERAL (SELECT CASE WHEN n % 100 = 0 THEN '{mark}' ELSE '' END) AS m (mark)"""


def measure(server: Postgres, size: int) -> list[list[str]]:
    """Take all steps: a row for each."""
    name = server.create_database()
    create_service(server.url(name))
    rows: list[list[str]] = []

    def note(label: str, seconds: str, folder: Path) -> None:
        found = _search(folder, dict(server.execute(_TABLES, name)))
        rows.append([label, seconds, *(f"{found[kind]:,}" for kind in _KINDS)])
        say(" | ".join(rows[-1]))

    def step(label: str, *statements: str, do: Callable[[], object] = lambda: None) -> None:
        """Run statements or something else, have it written to the files, and search them."""
        began = time.monotonic()
        for statement in statements:
            server.execute(statement, name)
        do()
        seconds = time.monotonic() - began
        server.execute("CHECKPOINT")
        note(label, f"{seconds:.1f}", server.data)

    step("registering", _FILL.format(service=SERVICE, size=size, mark=MARK), "VACUUM ANALYZE bindings")
    step("DELETE", f"DELETE FROM bindings WHERE service_sid = '{SERVICE}' AND identity LIKE '{MARK}%'")
    step("VACUUM", "VACUUM bindings")
    backup, address = server.folder / "backup", ("-h", "127.0.0.1", "-p", server.port, "-U", "postgres")
    server.run("pg_basebackup", "-D", backup, *address, "-c", "fast", "-N")
    note("`pg_basebackup`, in what it copied", "", backup)
    dumped = server.run("pg_dump", *address, name).count(MARK)
    rows.append(["`pg_dump`, in what it wrote", "", f"{dumped:,}", "", "", ""])
    step("REINDEX TABLE CONCURRENTLY", "REINDEX TABLE CONCURRENTLY bindings")
    step("ten new segments of the log", *["SELECT pg_switch_wal()", "CHECKPOINT"] * 10)
    # where the server recycles its log, it ends with 1 and says so
    step(
        "`database erase`", do=lambda: measure_command("database", "erase", "--database", server.url(name), fails=None)
    )
    return rows


def _search(folder: Path, names: dict[str, str]) -> Counter[str]:
    """Count the marks in the files of a server; `names` are those of the tables and indexes, by file."""
    found: Counter[str] = Counter()
    for file in filter(Path.is_file, folder.rglob("*")):
        name = names.get(file.name.split(".")[0].split("_")[0], "")
        kind = "table" if name == "bindings" else "indexes" if name.startswith("bindings_") else "other tables"
        kind = "log" if "pg_wal" in file.parts else kind
        found[kind] += file.read_bytes().count(MARK.encode())
    return found


def main() -> int:
    """Measure with the server's own `wal_recycle`, and with the setting that `database erase` needs."""
    parser = argparse.ArgumentParser(prog="python -m tests.load.erasure", description=__doc__)
    parser.add_argument("size", nargs="?", type=int, default=1_000_000, help="number of Bindings")
    size = parser.parse_args().size
    say(machine())
    for recycle in ("on", "off"):
        settings = {"wal_recycle": recycle, "shared_buffers": "512MB", "max_wal_size": "1GB", "autovacuum": "off"}
        with Postgres(fsync=True, settings=settings) as server:
            rows = measure(server, size)
        say("", f"wal_recycle = {recycle}:", "", *table(["after", "seconds", *_KINDS], rows), "")
    return 0


if __name__ == "__main__":
    sys.exit(main())
