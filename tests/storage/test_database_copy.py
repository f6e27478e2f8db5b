"""`database copy`, as a process on real databases."""

import os
import re
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from chat_bindings.storage.copying import Tally, parts
from chat_bindings.storage.engines import administration

from ..support.engines import PostgresDatabase
from ..support.running import CLI, environment, run_cli, wait_until

NOTHING = '{"accounts":[\n]}\n'
TALLY = re.compile(r"accounts \d+, keys \d+, services \d+, bindings \d+, sha256 [0-9a-f]{64}")


Place = Path | PostgresDatabase
"""An SQLite file, or a database of PostgreSQL."""


def locator(place: Place) -> str:
    return place.locator if isinstance(place, PostgresDatabase) else f"sqlite:///{place}"


def copy(source: Place, target: Place) -> subprocess.CompletedProcess[str]:
    return run_cli("database", "copy", locator(source), locator(target))


def export(path: Place) -> str:
    done = run_cli("export", "--database", locator(path))
    assert done.returncode == 0, done.stderr
    return done.stdout


def tally(path: Place) -> str:
    with administration(locator(path)) as storage, storage.snapshot():
        found = Tally()
        for part in parts(storage):
            found.add(part)
    return str(found)


def change(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory, world_file: Path) -> Path:
    path = tmp_path_factory.mktemp("imported") / "from.db"
    assert run_cli("import", world_file, "--database", locator(path)).returncode == 0
    return path


@pytest.fixture
def source(tmp_path: Path, imported: Path) -> Path:
    return shutil.copy(imported, tmp_path / "from.db")


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "to.db"


def emptied(path: Path) -> None:
    """Make a database that holds nothing any more."""
    for step in (["create", "--sid"], ["delete"]):
        assert run_cli("account", *step, "AC" + "a" * 32, "--database", locator(path)).returncode == 0


def fails(done: subprocess.CompletedProcess[str], told: str) -> None:
    """It ended with 2 and one sentence."""
    assert (done.returncode, done.stderr) == (2, f"Error: {told} Nothing was copied.\n")


def test_all_is_copied_and_compared(source, target):
    """There and back all is the same: counts and digests are printed, and an export gives the same bytes."""
    done = copy(source, target)
    assert (done.returncode, done.stderr) == (0, "Copied: both hold the same.\n")
    first, second = TALLY.findall(done.stdout)
    assert done.stdout == f"FROM: {first}\nTO:   {second}\n"
    assert first == second == tally(source)
    assert first.startswith("accounts 2, keys 1, services 4, bindings 249, sha256 ")
    assert export(target) == export(source)
    back = copy(target, target.with_name("back.db"))
    assert TALLY.findall(back.stdout) == [first, first]


def test_a_world_moves_to_postgresql_and_back(source, target, postgres):
    """From SQLite to PostgreSQL, on to another database and back: four times the same counts and the same digest."""
    one, two = PostgresDatabase(postgres), PostgresDatabase(postgres)
    found = []
    for step in ((source, one), (one, two), (two, target)):
        done = copy(*step)
        assert (done.returncode, done.stderr) == (0, "Copied: both hold the same.\n")
        found += TALLY.findall(done.stdout)
    assert len(found) == 6
    assert set(found) == {tally(source)} == {tally(one)}
    assert export(target) == export(source) == export(two)


def test_a_database_of_postgresql_is_refused_likewise(source, postgres):
    """One that holds anything is left alone; the same one is known under another address; one that is away is named."""
    full = PostgresDatabase(postgres)
    assert copy(source, full).returncode == 0
    before = export(full)
    fails(copy(source, full), "TO cannot be used: it holds 2 accounts already: name a new database.")
    same = run_cli("database", "copy", full.locator, full.locator.replace("127.0.0.1", "localhost"))
    fails(same, "TO cannot be used: it is the same database as FROM: name another.")
    assert export(full) == before
    away = run_cli("database", "copy", full.locator, postgres.url("nowhere"))
    assert away.returncode == 2
    assert away.stderr.startswith("Error: TO is unavailable: ")


def test_what_does_not_come_out_of_postgresql_as_it_went_in_does_not_stay(source, postgres, migrated):
    """Where PostgreSQL gives other rows than it was given, by a trigger, all is undone, and both digests are told."""
    target = PostgresDatabase(postgres, migrated)
    target.execute(
        "CREATE FUNCTION tidy() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN new.endpoint := trim(new.endpoint); RETURN new; END $$"
    )
    target.execute("CREATE TRIGGER tidy BEFORE INSERT ON bindings FOR EACH ROW EXECUTE FUNCTION tidy()")
    change(source, "UPDATE bindings SET endpoint = endpoint || ' ' WHERE rowid = 7")
    done = copy(source, target)
    fails(done, "TO cannot be used: it does not hold what FROM holds.")
    first, second = TALLY.findall(done.stdout)
    assert first != second
    assert export(target) == NOTHING


def test_nothing_is_copied_as_well(source, target):
    """A database that holds nothing is copied like any other."""
    emptied(target)
    done = copy(target, target.with_name("other.db"))
    assert done.returncode == 0
    assert [found.rpartition(",")[0] for found in TALLY.findall(done.stdout)] == [
        "accounts 0, keys 0, services 0, bindings 0"
    ] * 2


@pytest.mark.parametrize(
    ("table", "column"),
    [
        *(("bindings", name) for name in ("sid", "date_created", "date_updated", "endpoint", "identity")),
        *(("bindings", name) for name in ("binding_type", "credential_sid", "message_types", "service_sid")),
        ("accounts", "auth_token_sha256"),
        ("api_keys", "secret_sha256"),
        ("api_keys", "account_sid"),
        ("services", "account_sid"),
    ],
)
def test_the_digest_is_of_everything(source, table, column):
    """One property of one row more or less changes the digest, of a Binding, an account, a key and a service."""
    before = tally(source)
    other = {"service_sid": "services", "account_sid": "accounts"}.get(column)
    value = f"(SELECT max(sid) FROM {other} WHERE sid <> {table}.{column})" if other else f"{column} || 'x'"
    one = f"(SELECT min(rowid) FROM {table})"
    change(source, f"UPDATE {table} SET {column} = {value} WHERE rowid = {one}")
    after = tally(source)
    assert before != after
    assert before.partition("sha256")[0] == after.partition("sha256")[0]


def test_a_database_that_holds_anything_is_refused(source, target):
    """Nothing is added to what is there already, and nothing of it is touched."""
    run_cli("account", "create", "--sid", "AC" + "a" * 32, "--database", locator(target))
    before = export(target)
    fails(copy(source, target), "TO cannot be used: it holds 1 account already: name a new database.")
    assert export(target) == before


@pytest.mark.parametrize("link", [os.link, os.symlink, None])
def test_a_database_is_not_copied_onto_itself(source, target, link):
    """The same database under another name is known, an empty one as well."""
    if link is None:
        target = source.parent / "." / source.name
    else:
        link(source, target)
    fails(copy(source, target), "TO cannot be used: it is the same database as FROM: name another.")


def test_what_is_wrong_is_told_of_the_right_one(source, target):
    """A database that is away, damaged or another program's is named by its place in the command."""
    nowhere, broken, foreign = (target.with_name(f"{name}.db") for name in ("nowhere", "broken", "foreign"))
    broken.write_bytes(b"no database" * 1000)
    change(foreign, "CREATE TABLE t (x)")
    fails(copy(nowhere, target), f"FROM is unavailable: there is no file {nowhere}.")
    assert "FROM is no database of chat-bindings, or damaged: " in copy(broken, target).stderr
    assert "FROM cannot be used: " in copy(foreign, target).stderr
    assert not target.exists()
    assert "TO is unavailable: " in copy(source, Path("/nowhere/x.db")).stderr
    assert "TO is no database of chat-bindings, or damaged: " in copy(source, broken).stderr
    assert "TO cannot be used: " in copy(source, foreign).stderr
    done = run_cli("database", "copy", "mysql://x", locator(target))
    assert (done.returncode, "'FROM': 'mysql' is not a kind of database" in done.stderr) == (2, True)


def test_what_does_not_come_out_as_it_went_in_does_not_stay(source, target):
    """Where TO gives other rows than it was given, here by a trigger, both digests are told and it is left empty."""
    emptied(target)
    change(
        target,
        "CREATE TRIGGER tidy AFTER INSERT ON bindings WHEN new.identity LIKE '% ' "
        "BEGIN UPDATE bindings SET identity = trim(identity) WHERE rowid = new.rowid; END",
    )
    change(source, "UPDATE bindings SET identity = identity || ' ' WHERE rowid = 7")
    done = copy(source, target)
    fails(done, "TO cannot be used: it does not hold what FROM holds.")
    first, second = TALLY.findall(done.stdout)
    assert first != second
    assert first.partition("sha256")[0] == second.partition("sha256")[0]
    assert export(target) == NOTHING


def test_a_full_disk_leaves_nothing(source, target):
    """Where TO finds no more room, it holds nothing."""

    def little_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (64 * 1024, 64 * 1024))

    emptied(target)
    command = [*CLI, "database", "copy", locator(source), locator(target)]
    done = subprocess.run(
        command, preexec_fn=little_room, capture_output=True, text=True, check=False, env=environment()
    )
    assert done.returncode == 2
    assert "TO is unavailable: " in done.stderr
    assert export(target) == NOTHING


def doing(what: str, source: Place, target: Place) -> subprocess.Popen[str]:
    """The command, which does something when it has read a first part of FROM."""
    script = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from chat_bindings.cli import main\n"
        "from chat_bindings.storage import copying\n"
        "from chat_bindings.storage.interface import KeyRow\n"
        "from chat_bindings.storage.engines import administration\n"
        "all_parts, read = copying.parts, []\n"
        "def parts(storage):\n"
        "    for part in all_parts(storage):\n"
        "        yield part\n"
        "        if not read:\n"
        f"            {what}\n"
        "        read.append(part)\n"
        "copying.parts = parts\n"
        "main()\n"
    )
    command = [sys.executable, "-c", script, "database", "copy", locator(source), locator(target)]
    return subprocess.Popen(command, env=environment(), text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_an_interrupted_copy_leaves_nothing(request, source, tmp_path, engine):
    """A copy that is stopped on its way ends with 130 and leaves nothing in TO."""
    reached = tmp_path / "reached"
    target = tmp_path / "to.db" if engine == "sqlite" else PostgresDatabase(request.getfixturevalue("postgres"))
    with doing(f"Path({str(reached)!r}).touch(); time.sleep(60)", source, target) as process:
        assert wait_until(reached.exists, 60)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 130
    assert export(target) == NOTHING


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_a_copy_is_of_one_moment(request, source, target, engine):
    """What FROM is told while it is read is not copied, in part or otherwise."""
    if engine == "postgresql":
        original, source = source, PostgresDatabase(request.getfixturevalue("postgres"))
        assert copy(original, source).returncode == 0
    before = tally(source)
    with administration(locator(source)) as storage:
        sid = next(storage.accounts()).sid
    key = f"('SK{'a' * 32}', {sid!r}, '{'0' * 64}')"
    create = f"administration({locator(source)!r}).create_key(KeyRow{key})"
    with doing(create, source, target) as process:
        stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 0, stderr
    assert TALLY.findall(stdout) == [before, before]
    assert tally(source) != before
