"""What goes into a backup's file, what is taken from it, and what is refused."""

import io
import os
import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

import chat_bindings
from chat_bindings.storage.interface import (
    AccountRow,
    Administration,
    Binding,
    Conflict,
    KeyRow,
    ServiceRow,
    StorageDamaged,
)
from chat_bindings.storage.sqlite import pages
from chat_bindings.storage.sqlite.administration import SqliteAdministration
from chat_bindings.storage.sqlite.backup import write
from chat_bindings.storage.sqlite.connection import connect, transaction
from chat_bindings.storage.sqlite.manifest import BadBackup, Contents
from chat_bindings.storage.sqlite.restoring import restore
from chat_bindings.storage.unfinished import folder_for

from ..support.engines import ENGINES, Database, PostgresDatabase, SqliteDatabase
from ..support.running import CLI, environment, run_cli

MOMENT = "2016-10-21T11:37:03Z"
HELD = Contents(accounts=2, keys=1, services=2, bindings=300)


def binding(number: int, endpoint: str = "endpoint") -> Binding:
    return Binding(f"BS{number:06d}", MOMENT, MOMENT, f"{endpoint} {number}", f"é {number}", "apn", "CR1", '["a"]')


@contextmanager
def unseen(label: str, total: int) -> Iterator[object]:
    """Progress that nobody looks at."""
    yield lambda _: None


def fill(storage: Administration) -> None:
    """Something of each kind."""
    storage.migrate()
    with storage.load() as loader:
        for number in (1, 2):
            loader.add_account(AccountRow(f"AC{number}", "a" * 64))
            loader.add_service(ServiceRow(f"IS{number}", f"AC{number}"))
        loader.add_key(KeyRow("SK1", "AC1", "b" * 64))
        loader.add_bindings("IS1", [binding(number) for number in range(300)])


def held(path: Path) -> list[object]:
    """All that is in a database's tables, and its schema."""
    with closing(sqlite3.connect(path)) as connection:
        tables = connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'table' ORDER BY name").fetchall()
        return [
            (name, sql, sorted(map(str, connection.execute(f"SELECT * FROM {name}").fetchall())))
            for name, sql in tables
        ]


def rows(storage: Administration) -> list[object]:
    """All that a database of any engine holds."""
    services = list(storage.services())
    return [list(storage.accounts()), list(storage.keys()), services,
            [list(storage.bindings(service.sid)) for service in services]]  # fmt: skip


def put_back(backup: bytes, path: Path) -> Contents:
    with SqliteAdministration(path) as storage:
        return restore(io.BytesIO(backup), storage, unseen, replace=False)


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
        assert write(storage, path, unseen) == HELD
    assert path.stat().st_mode & 0o777 == 0o600
    return path.read_bytes()


@pytest.fixture
def new_database(request, tmp_path) -> Callable[[str], Database]:
    """Makes a database of an engine, with the schema and nothing in it."""

    def make(engine: str) -> Database:
        if engine == "postgresql":
            return PostgresDatabase(request.getfixturevalue("postgres"), request.getfixturevalue("migrated"))
        made = SqliteDatabase(tmp_path / f"{len(list(tmp_path.iterdir()))}.db")
        with made.administration() as storage:
            storage.migrate()
        return made

    return make


@pytest.mark.parametrize("source", ENGINES)
@pytest.mark.parametrize("target", ENGINES)
def test_what_was_backed_up_is_restored(tmp_path, database, new_database, source, target):
    """A backup of any engine goes into any other, also in the place of what that holds; then nobody can tell them."""
    with new_database(source).administration() as storage:
        fill(storage)
        assert write(storage, tmp_path / "backup.db", unseen) == HELD
    backup = (tmp_path / "backup.db").read_bytes()
    assert put_back(backup, tmp_path / "new.db") == HELD
    assert held(tmp_path / "new.db") == held(database)
    with new_database(target).administration() as storage:
        assert restore(io.BytesIO(backup), storage, unseen, replace=False) == HELD
        with pytest.raises(Conflict, match="the database holds 2 accounts: name a new one, or give --replace"):
            restore(io.BytesIO(backup), storage, unseen, replace=False)
        storage.delete_account("AC1", cascade=True)
        storage.create_account(AccountRow("AC9", "c" * 64))
        storage.create_service(ServiceRow("IS1", "AC9"))
        assert restore(io.BytesIO(backup), storage, unseen, replace=True) == HELD
        with SqliteAdministration(database) as original:
            assert rows(storage) == rows(original)


def test_what_is_registered_meanwhile_is_in_no_copy_of_rows(tmp_path, new_database):
    """What others write to PostgreSQL while its rows are copied is not in the backup: it is one moment of it."""
    served = new_database("postgresql")
    with served.administration() as storage, served.administration() as other:
        fill(storage)
        before = rows(storage)

        @contextmanager
        def disturb(label: str, total: int) -> Iterator[object]:
            with other.load() as loader:
                loader.add_account(AccountRow("AC0", "d" * 64))
                loader.add_bindings("IS1", [binding(1000)])
                loader.add_bindings("IS2", [binding(1001)])
            yield lambda _: None

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
            storage.create_account(AccountRow(f"AC{number}", "a" * 64))
        assert write(storage, tmp_path / "backup.db", unseen) == (accounts, 0, 0, 0)
    assert put_back((tmp_path / "backup.db").read_bytes(), tmp_path / "new.db") == (accounts, 0, 0, 0)
    assert held(tmp_path / "new.db") == held(tmp_path / "few.db")


def test_a_copy_is_one_moment(tmp_path, database, monkeypatch):
    """What others write between the pages is not in a copy, and has it begin no second time."""
    monkeypatch.setattr(pages, "_TOGETHER", 5)
    source = Path(shutil.copy(database, tmp_path / "source.db"))
    with closing(connect(source)) as reading, closing(connect(source)) as writing:
        total, told = reading.pragma("page_count"), []

        @contextmanager
        def disturb(label: str, expected: int) -> Iterator[object]:
            def advance(number: int) -> None:
                told.append(number)
                with transaction(writing):
                    writing.execute("DELETE FROM bindings WHERE sid = ?", (binding(len(told)).sid,))
                    writing.execute("INSERT INTO accounts VALUES (?, 'x')", (f"AD{len(told)}",))

            assert expected == total
            yield advance

        with closing(connect(tmp_path / "copy.db", create=True)) as copied:
            pages.copy(reading, copied, "copying", disturb)
        assert sum(told) == total
        assert len(told) == -(-total // 5) > 3
    assert held(tmp_path / "copy.db") == held(database)
    assert held(source) != held(database)


def test_no_byte_of_a_backup_can_change(tmp_path, backup):
    """A backup of which one byte differs, or that is shorter or longer, is refused, and nothing is made."""
    chance = random.Random(1)
    places = [*range(100), *(chance.randrange(len(backup)) for _ in range(100)), len(backup) - 1]
    spoiled = [backup[:place] + bytes([backup[place] ^ 1 << chance.randrange(8)]) + backup[place + 1 :]
               for place in places]  # fmt: skip
    spoiled += [backup[:4096], backup[:-4096], backup[:-1], backup + b"\0", backup + bytes(4096), b"", b"PK" + backup]
    for one in spoiled:
        with pytest.raises(BadBackup, match="must"):
            put_back(one, tmp_path / "new.db")
    assert list(tmp_path.iterdir()) == []


def test_a_database_is_no_backup(tmp_path, database):
    """A database itself is refused, since nothing says that it is whole; so is a backup with tables of its own."""
    with pytest.raises(BadBackup, match="must say what it holds"):
        put_back(database.read_bytes(), tmp_path / "new.db")
    strange = Path(shutil.copy(database, tmp_path / "strange.db"))
    with closing(sqlite3.connect(strange)) as connection:
        connection.execute("CREATE TRIGGER gone AFTER INSERT ON bindings BEGIN DELETE FROM accounts; END")
    with SqliteAdministration(strange) as storage:
        write(storage, tmp_path / "backup.db", unseen)
    with pytest.raises(BadBackup, match="must have the tables of chat-bindings, and no others"):
        put_back((tmp_path / "backup.db").read_bytes(), tmp_path / "new.db")
    assert not (tmp_path / "new.db").exists()


def test_a_damaged_database_is_not_backed_up(tmp_path, database):
    """Of a database whose indexes contradict its rows there is no backup that would pass for a good one."""
    damaged = Path(shutil.copy(database, tmp_path / "damaged.db"))
    with closing(sqlite3.connect(damaged)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(
            "UPDATE sqlite_schema SET sql = replace(sql, 'binding_type, sid', 'sid') WHERE name LIKE '%type'"
        )
        connection.commit()
    refused = run_cli("backup", "-o", tmp_path / "backup.db", "--database", f"sqlite:///{damaged}")
    assert refused.returncode == 2
    assert "a damaged one: " in refused.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["damaged.db"]
    damaged.write_bytes(os.urandom(8192))
    with SqliteAdministration(damaged) as storage, pytest.raises(StorageDamaged):
        restore(io.BytesIO(b""), storage, unseen, replace=True)


def test_what_is_in_the_way_stays(tmp_path, database, backup):
    """Neither the database itself, nor one in use, nor the changes that another left are taken for something else."""
    (tmp_path / "new.db-wal").touch()
    with pytest.raises(Conflict, match=r"new\.db-wal is left of another database: move it away first"):
        put_back(backup, tmp_path / "new.db")
    refused = run_cli("backup", "-o", database, "--database", f"sqlite:///{database}")
    assert (refused.returncode, "it is the database itself" in refused.stderr) == (2, True)
    refused = run_cli("backup", "-o", tmp_path / "new.db", "--database", f"sqlite:///{database}")
    assert (refused.returncode, "it is a database in use" in refused.stderr) == (2, True)
    refused = run_cli("backup", "-o", tmp_path / "no" / "where.db", "--database", f"sqlite:///{database}")
    assert refused.stderr == f"Error: --output {tmp_path}/no/where.db cannot be written: No such file or directory.\n"
    refused = run_cli("restore", database, "--database", f"sqlite:///{tmp_path}/no/where.db")
    assert (refused.returncode, "no/where.db" in refused.stderr) == (2, True)


def test_one_file_is_made_by_one_process(tmp_path):
    """While a file is made, another process is told so; a folder that somebody else has put there is not used."""
    with folder_for(tmp_path / "a.db") as folder:
        assert folder.stat().st_mode & 0o777 == 0o700
        with pytest.raises(Conflict, match="another process is just making"), folder_for(tmp_path / "a.db"):
            pass
        assert folder.is_dir()
    assert list(tmp_path.iterdir()) == []
    (tmp_path / ".a.db.unfinished").mkdir()
    (tmp_path / ".a.db.unfinished").chmod(0o777)
    with pytest.raises(Conflict, match="not yours alone"), folder_for(tmp_path / "a.db"):
        pass


def test_standard_streams_carry_backups(tmp_path, database):
    """A backup goes through a pipe into another database, and into what is no file."""
    script = '"$0" -m chat_bindings backup -o - | "$0" -m chat_bindings restore - --database "$1"'
    command = ["bash", "-o", "pipefail", "-c", script, sys.executable, f"sqlite:///{tmp_path}/piped.db"]
    env = environment(CHAT_BINDINGS_DATABASE=f"sqlite:///{database}")
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
    told = "accounts 2, keys 1, services 2, bindings 300.\n"
    assert (done.returncode, done.stdout) == (0, "")
    assert sorted(done.stderr.splitlines(keepends=True)) == [f"Backed up: {told}", f"Restored: {told}"]
    assert held(tmp_path / "piped.db") == held(database)
    done = run_cli("backup", "-o", "/dev/null", "--database", f"sqlite:///{database}")
    assert (done.returncode, done.stderr) == (0, f"Backed up: {told}")


def another_version(folder: Path) -> dict[str, str]:
    """An environment in which the package has one more migration."""
    package = folder / "chat_bindings"
    shutil.copytree(Path(chat_bindings.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    migrations = sorted((package / "storage" / "migrations" / "sqlite").glob("*.sql"))
    migrations = migrations or sorted((package / "storage" / "migrations").glob("*.sql"))
    number = int(migrations[-1].name[:4]) + 1
    added = migrations[-1].with_name(f"{number:04d}_more.sql")
    added.write_text("ALTER TABLE services ADD COLUMN colour TEXT NOT NULL DEFAULT 'red';\n", encoding="utf-8")
    return environment(PYTHONPATH=str(folder))


def test_backups_of_other_versions(tmp_path, database, backup):
    """The backup of an older version is upgraded while it is restored, that of a newer one is refused."""
    env = another_version(tmp_path)
    (tmp_path / "old.db").write_bytes(backup)

    def newer(*arguments: object) -> subprocess.CompletedProcess[str]:
        command = [*CLI, *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, check=False, env=env, cwd=tmp_path)

    done = newer("restore", "old.db", "--database", "sqlite:///upgraded.db")
    assert done.returncode == 0, done.stderr
    with closing(sqlite3.connect(tmp_path / "upgraded.db")) as connection:
        assert connection.execute("SELECT * FROM services").fetchall() == [("IS1", "AC1", "red"), ("IS2", "AC2", "red")]
    done = newer("backup", "-o", "new.db", "--database", "sqlite:///upgraded.db")
    assert done.returncode == 0, done.stderr
    refused = run_cli("restore", tmp_path / "new.db", "--database", f"sqlite:///{tmp_path}/older.db")
    assert refused.returncode == 2
    assert "must not be of a newer version of chat-bindings: restore it with that one" in refused.stderr
    assert not (tmp_path / "older.db").exists()
