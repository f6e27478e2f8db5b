"""`database copy`, as a process on real databases."""

import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from chat_bindings.storage.copying import parts
from chat_bindings.storage.copying import tally as counted
from chat_bindings.storage.progress import quietly

from ..support.engines import ENGINES, Database, SqliteDatabase
from ..support.running import CLI, cli_output, environment, run_cli, wait_until

NOTHING = '{"accounts":[\n]}\n'
TALLY = re.compile(r"accounts \d+, keys \d+, services \d+, bindings \d+, sha256 [0-9a-f]{64}")

each_engine = pytest.mark.parametrize("engine", ENGINES)


def copy(source: Database, target: Database) -> subprocess.CompletedProcess[str]:
    return run_cli("database", "copy", source.locator, target.locator)


def tally(database: Database) -> str:
    with database.administration() as storage, storage.snapshot():
        return str(counted(parts(storage), quietly("", 0)))


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory, world_file: Path) -> Path:
    path = tmp_path_factory.mktemp("imported") / "from.db"
    cli_output("import", world_file, "--database", f"sqlite:///{path}")
    return path


@pytest.fixture
def source(tmp_path: Path, imported: Path) -> SqliteDatabase:
    return SqliteDatabase(shutil.copy(imported, tmp_path / "from.db"))


@pytest.fixture
def target(tmp_path: Path) -> SqliteDatabase:
    return SqliteDatabase(tmp_path / "to.db")


def check_refused(done: subprocess.CompletedProcess[str], error: str) -> None:
    """Prove that a command ended with 2 and one sentence."""
    assert (done.returncode, done.stderr) == (2, f"Error: {error} Nothing was copied.\n")


def test_all_is_copied_and_compared(source, target, new_database):
    """Through both engines and back all is the same: counts and digests are printed, an export gives the same bytes."""
    whole = tally(source)
    assert whole.startswith("accounts 2, keys 1, services 4, bindings 249, sha256 ")
    places = [source, new_database("postgresql"), new_database("postgresql"), target, new_database("sqlite")]
    for step in pairwise(places):
        done = copy(*step)
        assert (done.returncode, done.stderr) == (0, "Copied: both hold the same.\n")
        assert done.stdout == f"FROM: {whole}\nTO:   {whole}\n"
    assert tally(places[-1]) == whole
    assert {each.output("export") for each in places[1:]} == {source.output("export")}


@each_engine
def test_what_does_not_come_out_as_it_went_in_does_not_stay(source, new_database, engine):
    """A copy whose rows differ from FROM's, by a trigger, is undone, and both digests are printed."""
    target = new_database(engine)
    if engine == "postgresql":
        body = "$$ BEGIN new.endpoint := trim(new.endpoint); RETURN new; END $$"
        target.execute(f"CREATE FUNCTION tidy() RETURNS trigger LANGUAGE plpgsql AS {body}")
        target.execute("CREATE TRIGGER tidy BEFORE INSERT ON bindings FOR EACH ROW EXECUTE FUNCTION tidy()")
    else:
        target.execute(
            "CREATE TRIGGER tidy AFTER INSERT ON bindings WHEN new.endpoint LIKE '% ' "
            "BEGIN UPDATE bindings SET endpoint = trim(endpoint) WHERE rowid = new.rowid; END"
        )
    source.execute("UPDATE bindings SET endpoint = endpoint || ' ' WHERE rowid = 7")
    done = copy(source, target)
    check_refused(done, "TO cannot be used: it does not hold what FROM holds.")
    first, second = TALLY.findall(done.stdout)
    assert first != second
    assert first.partition("sha256")[0] == second.partition("sha256")[0]
    assert target.output("export") == NOTHING


def test_nothing_is_copied_as_well(new_database, target):
    """A database that holds nothing is copied like any other."""
    printed = cli_output("database", "copy", new_database("sqlite").locator, target.locator)
    assert printed.count("accounts 0, keys 0, services 0, bindings 0, sha256 ") == 2


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
    source.execute(f"UPDATE {table} SET {column} = {value} WHERE rowid = {one}")
    after = tally(source)
    assert before != after
    assert before.partition("sha256")[0] == after.partition("sha256")[0]


@each_engine
def test_a_database_that_holds_anything_is_refused(source, new_database, engine):
    """Nothing is added to what is there already, and nothing of it is touched."""
    target = new_database(engine)
    target.output("account", "create")
    before = target.output("export")
    check_refused(copy(source, target), "TO cannot be used: it holds 1 account already: name a new database.")
    assert target.output("export") == before


@pytest.mark.parametrize("same", ["another path", "a hard link", "a symbolic link", "another host"])
def test_a_database_is_not_copied_onto_itself(source, target, new_database, same):
    """The same database under another name is refused, whatever it holds."""
    if same == "another host":
        source = new_database("postgresql")
        target = Database(source.locator.replace("127.0.0.1", "localhost"))
    elif same == "another path":
        target = SqliteDatabase(source.path.parent / "." / source.path.name)
    else:
        {"a hard link": os.link, "a symbolic link": os.symlink}[same](source.path, target.path)
    check_refused(copy(source, target), "TO cannot be used: it is the same database as FROM: name another.")


def test_the_database_that_cannot_be_used_is_named(source, target, postgres):
    """A database that is unavailable, damaged or another program's is named by its place in the command."""
    nowhere, broken, foreign = (SqliteDatabase(target.path.with_name(f"{name}.db")) for name in ("no", "bad", "other"))
    broken.path.write_bytes(b"no database" * 1000)
    with sqlite3.connect(foreign.path) as connection:
        connection.execute("CREATE TABLE t (x)")
    check_refused(copy(nowhere, target), f"FROM is unavailable: there is no file {nowhere.path}.")
    assert "FROM is no database of chat-bindings, or damaged: " in copy(broken, target).stderr
    assert "FROM cannot be used: " in copy(foreign, target).stderr
    assert not target.path.exists()
    for place in ("sqlite:////nowhere/x.db", postgres.url("nowhere")):
        assert "TO is unavailable: " in copy(source, Database(place)).stderr
    assert "TO is no database of chat-bindings, or damaged: " in copy(source, broken).stderr
    assert "TO cannot be used: " in copy(source, foreign).stderr
    done = copy(Database("mysql://x"), target)
    assert (done.returncode, "'FROM': 'mysql' is not a kind of database" in done.stderr) == (2, True)


@pytest.mark.needs("prlimit")
def test_a_full_disk_leaves_nothing(source, new_database):
    """A full disk under TO leaves nothing in it."""
    target = new_database("sqlite")
    command = ["prlimit", f"--fsize={64 * 1024}", *CLI, "database", "copy", source.locator, target.locator]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment())
    assert done.returncode == 2
    assert "TO is unavailable: " in done.stderr
    assert target.output("export") == NOTHING


BETWEEN = """
import sys, time
from pathlib import Path
from chat_bindings.cli import main
from chat_bindings.storage import copying
from chat_bindings.storage.interface import KeyRow
from chat_bindings.storage.engines import administration
all_parts, read = copying.parts, []
def parts(storage):
    for part in all_parts(storage):
        yield part
        if not read:
            {statement}
        read.append(part)
copying.parts = parts
main()
"""


def start_copying(source: Database, target: Database, statement: str) -> subprocess.Popen[str]:
    """Start the command, which executes a statement of Python when it has read a first part of FROM."""
    script = BETWEEN.format(statement=statement)
    command = [sys.executable, "-c", script, "database", "copy", source.locator, target.locator]
    return subprocess.Popen(command, env=environment(), text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@each_engine
def test_an_interrupted_copy_leaves_nothing(source, tmp_path, new_database, engine):
    """A copy that is stopped on its way ends with 130 and leaves nothing in TO."""
    reached, target = tmp_path / "reached", new_database(engine)
    with start_copying(source, target, f"Path({str(reached)!r}).touch(); time.sleep(60)") as process:
        assert wait_until(reached.exists, 60)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 130
    assert target.output("export") == NOTHING


@each_engine
def test_a_copy_is_of_one_moment(source, target, new_database, engine):
    """Rows that are written to FROM during a copy are not copied, in part or otherwise."""
    if engine == "postgresql":
        original, source = source, new_database(engine)
        cli_output("database", "copy", original.locator, source.locator)
    before = tally(source)
    with source.administration() as storage:
        sid = next(storage.accounts()).sid
    key = f"('SK{'a' * 32}', {sid!r}, '{'0' * 64}')"
    with start_copying(source, target, f"administration({source.locator!r}).add(KeyRow{key})") as process:
        stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 0, stderr
    assert TALLY.findall(stdout) == [before, before]
    assert tally(source) != before
