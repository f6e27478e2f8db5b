"""Backup files: their contents, their restoration and their refusal."""

import random
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing, nullcontext, suppress
from pathlib import Path
from typing import Any

import apsw
import pytest

import chat_bindings
from chat_bindings.cli.database.restore import check
from chat_bindings.files import scratch
from chat_bindings.storage.administration import Administration
from chat_bindings.storage.copying import Counts, parts, tally
from chat_bindings.storage.interface import AccountRow, Conflict, KeyRow, ServiceRow
from chat_bindings.storage.progress import quietly
from chat_bindings.storage.sqlite import administration
from chat_bindings.storage.sqlite.administration import SqliteAdministration
from chat_bindings.storage.sqlite.backup import Backup, BadBackup, restore, write
from chat_bindings.storage.sqlite.connection import connect, transaction

from ..support.engines import ENGINES
from ..support.running import cli_error, cli_output, environment, run_cli
from ..support.worlds import row, sid

HELD = Counts(accounts=2, keys=1, services=2, bindings=300)


A1, A2, I1, I2, K1 = sid("AC", 1), sid("AC", 2), sid("IS", 1), sid("IS", 2), sid("SK", 1)


def fill(storage: Administration) -> None:
    """Add something of each kind."""
    storage.migrate()
    with storage.load() as loader:
        for number in (1, 2):
            loader.add(AccountRow(sid("AC", number), "a" * 64))
            loader.add(ServiceRow(sid("IS", number), sid("AC", number)))
        loader.add(KeyRow(K1, A1, "b" * 64))
        loader.add_bindings(I1, [row(number, identity=f"é {number}") for number in range(300)])


def held(path: Path) -> list[object]:
    """Read all of a database's tables, and its schema."""
    with closing(sqlite3.connect(path)) as connection:
        tables = connection.execute(
            "SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND name <> 'erasures' ORDER BY name"
        ).fetchall()
        return [
            (name, sql, sorted(map(str, connection.execute(f"SELECT * FROM {name}").fetchall())))
            for name, sql in tables
        ]


def rows(storage: Administration) -> list[object]:
    """Read all rows of a database of any engine."""
    services = list(storage.services())
    return [list(storage.accounts()), list(storage.keys()), services,
            [list(storage.bindings(service.sid)) for service in services]]  # fmt: skip


def put_back(backup: bytes, path: Path) -> Counts:
    with scratch() as folder, SqliteAdministration(path) as storage:
        (folder / "backup.db").write_bytes(backup)
        return restore(folder / "backup.db", storage, check, quietly, replace=False)


@pytest.fixture(scope="module")
def database(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("database") / "database.db"
    with SqliteAdministration(path) as storage:
        fill(storage)
    return path


@pytest.fixture(scope="module")
def backup(database) -> bytes:
    path = database.with_name("backup.db")
    with SqliteAdministration(database) as storage:
        assert write(storage, path, quietly) == HELD
    assert path.stat().st_mode & 0o777 == 0o600
    return path.read_bytes()


@pytest.mark.parametrize("source", ENGINES)
@pytest.mark.parametrize("target", ENGINES)
def test_what_was_backed_up_is_restored(tmp_path, database, new_database, source, target):
    """A backup of any engine goes into any other, which it may replace; afterwards both hold the same."""
    with new_database(source).administration() as storage:
        fill(storage)
        assert write(storage, tmp_path / "backup.db", quietly) == HELD
    backup = (tmp_path / "backup.db").read_bytes()
    assert put_back(backup, tmp_path / "new.db") == HELD
    assert held(tmp_path / "new.db") == held(database)
    with new_database(target).administration() as storage:
        assert restore(tmp_path / "backup.db", storage, check, quietly, replace=False) == HELD
        with pytest.raises(Conflict, match="the database holds 2 accounts: name a new one, or give --replace"):
            restore(tmp_path / "backup.db", storage, check, quietly, replace=False)
        storage.delete_account(A1, cascade=True)
        storage.add(AccountRow(sid("AC", 9), "c" * 64))
        storage.add(ServiceRow(I1, sid("AC", 9)))
        assert restore(tmp_path / "backup.db", storage, check, quietly, replace=True) == HELD
        with SqliteAdministration(database) as original:
            assert rows(storage) == rows(original)


def test_what_is_registered_meanwhile_is_in_no_copy_of_rows(tmp_path, new_database):
    """Rows that others write to PostgreSQL during a backup are not in it: it is one moment."""
    served = new_database("postgresql")
    with served.administration() as storage, served.administration() as other:
        fill(storage)
        before = rows(storage)

        def disturb(label: str, total: int) -> Any:
            if label == "copying":
                with other.load() as loader:
                    loader.add(AccountRow(sid("AC", 0), "d" * 64))
                    loader.add_bindings(I1, [row(1000)])
                    loader.add_bindings(I2, [row(1001)])
            return quietly(label, total)

        assert write(storage, tmp_path / "backup.db", disturb) == HELD
        assert rows(storage) != before
    assert put_back((tmp_path / "backup.db").read_bytes(), tmp_path / "new.db") == HELD
    with SqliteAdministration(tmp_path / "new.db") as storage:
        assert rows(storage) == before


@pytest.mark.parametrize("accounts", [0, 1, 2, 48, 49])
def test_few_things_are_backed_up_as_many(tmp_path, accounts):
    """However much there is, whatever its number looks like as a byte of the file."""
    with SqliteAdministration(tmp_path / "few.db") as storage:
        storage.migrate()
        for number in range(accounts):
            storage.add(AccountRow(sid("AC", number), "a" * 64))
        assert write(storage, tmp_path / "backup.db", quietly) == (accounts, 0, 0, 0)
    assert put_back((tmp_path / "backup.db").read_bytes(), tmp_path / "new.db") == (accounts, 0, 0, 0)
    assert held(tmp_path / "new.db") == held(tmp_path / "few.db")


def test_a_copy_is_one_moment(tmp_path, database, monkeypatch):
    """Pages that others write during a copy are not in it, and do not restart it."""
    monkeypatch.setattr(administration, "_TOGETHER", 5)
    source = Path(shutil.copy(database, tmp_path / "source.db"))
    with closing(connect(source)) as reading, closing(connect(source)) as writing:
        total, reports = reading.pragma("page_count"), []

        def advance(number: int) -> None:
            reports.append(number)
            with transaction(writing):
                writing.execute("DELETE FROM bindings WHERE sid = ?", (sid("BS", len(reports)),))
                writing.execute("INSERT INTO accounts VALUES (?, 'x')", (f"AD{len(reports)}",))

        def progress(_: str, expected: int) -> Any:
            assert expected == total
            return nullcontext(advance)

        (tmp_path / "copy.db").touch()
        with closing(connect(tmp_path / "copy.db")) as copied, SqliteAdministration(source) as storage:
            storage.copy_pages_to(copied, progress)
        assert sum(reports) == total
        assert len(reports) == -(-total // 5) > 3
    assert held(tmp_path / "copy.db") == held(database)
    assert held(source) != held(database)


def test_no_byte_of_a_backup_can_change_what_is_restored(tmp_path, database, backup):
    """A backup of which one byte differs, or that is shorter or longer, is refused, or restored as it was."""
    chance = random.Random(1)
    places = [*range(100), *(chance.randrange(len(backup)) for _ in range(25)), len(backup) - 1]
    spoiled = [backup[:place] + bytes([backup[place] ^ 1 << chance.randrange(8)]) + backup[place + 1 :]
               for place in places]  # fmt: skip
    spoiled += [backup[:4096], backup[:-4096], backup[:-1], backup + b"\0", backup + bytes(4096), b"", b"PK" + backup]
    refused = 0
    for number, one in enumerate(spoiled):
        new = tmp_path / f"{number}.db"
        try:
            assert put_back(one, new) == HELD
        except BadBackup as error:
            assert str(error).startswith(("must", "breaks"))  # noqa: PT017 - some are
            assert not new.exists()
            refused += 1
        else:
            assert held(new) == held(database)
    assert refused > 30


def planted(backup: bytes, path: Path, script: str) -> Path:
    """Plant something in a backup, with the counts and the digest that fit."""
    path.write_bytes(backup)
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(script)
    with closing(sqlite3.connect(path)) as connection, connection, suppress(apsw.SQLError), Backup(path) as storage:
        counts, sha256 = tally(parts(storage), quietly("", 0))
        connection.execute("UPDATE backup SET accounts = ?, api_keys = ?, services = ?, bindings = ?, sha256 = ?",
                           (*counts, sha256))  # fmt: skip
    return path


PLANTED = {
    "a trigger": ("CREATE TRIGGER t AFTER INSERT ON bindings BEGIN DELETE FROM accounts; END", None),
    "a view": ("CREATE VIEW v AS SELECT * FROM bindings", None),
    "a table": ("CREATE TABLE planted (a)", None),
    "an index": ("CREATE INDEX planted ON bindings (abs(length(identity)))", None),
    "a view for a table": (
        "ALTER TABLE api_keys RENAME TO k; CREATE VIEW api_keys AS SELECT * FROM k", "must have the tables",
    ),
    "a computed column": (
        "ALTER TABLE bindings ADD COLUMN planted TEXT AS (upper(identity))", "must have the tables",
    ),
    "no JSON": ("UPDATE bindings SET message_types = '[' WHERE sid LIKE '%7'", "must hold JSON as the message_types"),
    "an object": ("UPDATE bindings SET message_types = '{}'", "message_types of a row of bindings must be"),
    "a type": ("UPDATE bindings SET binding_type = 'sms'", "binding_type of a row of bindings must be one of"),
    "a token": ("UPDATE accounts SET auth_token_sha256 = 'x'", "auth_token_sha256 of a row of accounts must"),
    "an orphan": (f"INSERT INTO services VALUES ('{sid('IS', 8)}', '{sid('AC', 8)}')", "nothing that belongs to noth"),
    "a twin": (
        "DROP INDEX bindings_by_key; UPDATE bindings SET identity = 'a', endpoint = 'b'", "must hold nothing twice",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PLANTED)
def test_what_was_planted_in_a_backup_is_refused_or_left_behind(tmp_path, database, backup, name):
    """Of a backup rows alone are taken, each of which must be what `import` takes; nothing of it is executed."""
    script, message = PLANTED[name]
    path = planted(backup, tmp_path / "backup.db", script)
    command = ("restore", path, "--database", f"sqlite:///{tmp_path}/new.db")
    if message is None:
        cli_output(*command)
        assert held(tmp_path / "new.db") == held(database)
        return
    assert message in cli_error(*command)
    if (tmp_path / "new.db").exists():
        with SqliteAdministration(tmp_path / "new.db") as storage:
            assert rows(storage) == [[], [], [], []]


def test_a_database_is_no_backup_and_a_backup_no_database(tmp_path, database, backup):
    """A database itself is refused, since nothing proves it whole; the error of a served backup names it as one."""
    with pytest.raises(BadBackup, match="must be what `chat-bindings backup` has finished"):
        put_back(database.read_bytes(), tmp_path / "new.db")
    assert not (tmp_path / "new.db").exists()
    path = tmp_path / "backup.db"
    path.write_bytes(backup)
    for command in (["serve", "--port", "0"], ["export"], ["account", "list"]):
        error = cli_error(*command, "--database", f"sqlite:///{path}")
        assert f"{path} is a backup, and no database: `restore` it into one." in error
    assert path.read_bytes() == backup


def test_a_damaged_database_is_not_backed_up(tmp_path, database):
    """Of a database whose indexes contradict its rows there is no backup that would pass for a good one."""
    damaged = Path(shutil.copy(database, tmp_path / "damaged.db"))
    with closing(sqlite3.connect(damaged)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(
            "UPDATE sqlite_schema SET sql = replace(sql, 'binding_type, sid', 'sid') WHERE name LIKE '%type'"
        )
        connection.commit()
    error = cli_error("backup", "-o", tmp_path / "backup.db", "--database", f"sqlite:///{damaged}")
    assert "a damaged one: " in error
    assert [path.name for path in tmp_path.iterdir()] == ["damaged.db"]


def test_what_is_in_the_way_stays(tmp_path, database, backup):
    """The changes that another database left are taken for nothing else, and a missing folder is named."""
    place, nowhere, full = tmp_path / "new.db", tmp_path / "no" / "where.db", tmp_path / "backup.db"
    full.write_bytes(backup)
    (tmp_path / "new.db-wal").touch()
    left = "new.db-wal is left of another database: move it away first"
    for command, path, error in (
        (("restore", full), place, left),
        (("account", "create"), place, left),
        (("backup", "-o", place), database, "it is a database in use"),
        (("backup", "-o", nowhere), database, f"{nowhere} cannot be written: No such file or directory.\n"),
        (("restore", full), nowhere, "names a database that is unavailable"),
    ):
        assert error in cli_error(*command, "--database", f"sqlite:///{path}")


def test_standard_streams_carry_backups(tmp_path, database):
    """A backup goes through a pipe into another database, and into what is no file."""
    script = '"$0" -m chat_bindings backup -o - | "$0" -m chat_bindings restore - --database "$1"'
    command = ["bash", "-o", "pipefail", "-c", script, sys.executable, f"sqlite:///{tmp_path}/piped.db"]
    env = environment(CHAT_BINDINGS_DATABASE=f"sqlite:///{database}")
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
    counts = "accounts 2, keys 1, services 2, bindings 300.\n"
    assert (done.returncode, done.stdout) == (0, "")
    assert sorted(done.stderr.splitlines(keepends=True)) == [f"Backed up: {counts}", f"Restored: {counts}"]
    assert held(tmp_path / "piped.db") == held(database)
    done = run_cli("backup", "-o", "/dev/null", "--database", f"sqlite:///{database}")
    assert (done.returncode, done.stderr) == (0, f"Backed up: {counts}")


def test_backups_of_other_versions(tmp_path, backup):
    """The backup of an older version is upgraded while it is restored, that of a newer one is refused."""
    package = tmp_path / "chat_bindings"
    shutil.copytree(Path(chat_bindings.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    more = "ALTER TABLE services ADD COLUMN colour TEXT NOT NULL DEFAULT 'red';\n"
    (package / "storage" / "migrations" / "sqlite" / "9999_more.sql").write_text(more, encoding="utf-8")
    (tmp_path / "old.db").write_bytes(backup)
    newer = {"PYTHONPATH": str(tmp_path), "cwd": tmp_path}
    cli_output("restore", "old.db", "--database", "sqlite:///upgraded.db", **newer)
    with closing(sqlite3.connect(tmp_path / "upgraded.db")) as connection:
        assert connection.execute("SELECT * FROM services").fetchall() == [(I1, A1, "red"), (I2, A2, "red")]
    cli_output("backup", "-o", "new.db", "--database", "sqlite:///upgraded.db", **newer)
    error = cli_error("restore", tmp_path / "new.db", "--database", f"sqlite:///{tmp_path}/older.db")
    assert "must not be of a newer version of chat-bindings: restore it with that one" in error
    assert not (tmp_path / "older.db").exists()
