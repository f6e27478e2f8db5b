"""`import` and `export`, as processes on real files."""

import gzip
import hashlib
import json
import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from ..support.engines import SqliteDatabase
from ..support.running import CLI, Service, environment, wait_until
from ..support.worlds import account, binding, sid

MANY = 1200


def many(number: int) -> dict[str, Any]:
    """Make one of many Bindings, which all differ."""
    return binding(
        number,
        date_updated="2017-10-21T11:37:03Z",
        identity=f"identity {number // 3} é😀",
        binding_type=("apn", "gcm", "fcm")[number % 3],
        credential_sid=sid("CR", number % 3),
        message_types=["new_message", "é"][: number % 3],
    )


def big_world() -> dict[str, Any]:
    """Write a world of two accounts, of which the first has a key, an empty service and one of many Bindings."""
    services = [
        {"sid": sid("IS", 1), "bindings": []},
        {"sid": sid("IS", 2), "bindings": [many(number) for number in range(MANY)]},
    ]
    key = {"sid": sid("SK", 1), "secret": "secret-1"}
    other = {"sid": sid("IS", 3), "bindings": [many(1), many(2)]}
    return {"accounts": [account(1, keys=[key], services=services), account(2, services=[other])]}


def load(database: SqliteDatabase, document: Any, *options: str) -> None:
    text = document if isinstance(document, str) else json.dumps(document)
    database.output("import", "-", *options, stdin=text)


@pytest.fixture
def other(tmp_path: Path) -> SqliteDatabase:
    return SqliteDatabase(tmp_path / "other.db")


def test_an_export_equals_its_import(database):
    """An export holds what was imported, in the order of SIDs, with digests in the place of tokens and secrets.

    Each Binding has a line of its own, with its own properties in the order of Twilio's page, as UTF-8.
    """
    world = big_world()
    shuffled = random.Random(1).sample(world["accounts"][0]["services"][1]["bindings"], MANY)
    world["accounts"][0]["services"][1]["bindings"] = shuffled
    world["accounts"].reverse()
    load(database, world)
    text = database.output("export")

    expected = big_world()
    for each in expected["accounts"]:
        each["auth_token_sha256"] = hashlib.sha256(each.pop("auth_token").encode()).hexdigest()
        for key in each.setdefault("keys", []):
            key["secret_sha256"] = hashlib.sha256(key.pop("secret").encode()).hexdigest()
    assert json.loads(text) == expected
    found = [json.loads(line.rstrip(",")) for line in text.splitlines() if '"endpoint"' in line]
    assert len(found) == MANY + 2
    assert list(found[0].items()) == list(many(0).items())
    assert "é😀" in text


def test_importing_twice_is_refused_and_changes_nothing(database):
    """An existing SID is not imported again; with --replace it is, and leaves the same database."""
    world = json.dumps(big_world())
    load(database, world)
    before = database.output("export")
    assert database.error("import", "-", stdin=world) == (
        f"Error: standard input, line 1, /accounts/0/sid: account {sid('AC', 1)} is there already. "
        "Nothing was imported. With --replace, the accounts that it names are removed first.\n"
    )
    assert database.output("export") == before
    for _ in range(2):
        load(database, world, "--replace")
        assert database.output("export") == before


def test_replace_replaces_the_accounts_that_are_named(database):
    """--replace takes all that an account had, and leaves the accounts that the world does not name."""
    load(database, big_world())
    less = {"accounts": [account(1, auth_token="new", services=[])]}
    load(database, less, "--replace")
    first, second = json.loads(database.output("export"))["accounts"]
    assert (first["services"], first["keys"]) == ([], [])
    assert first["auth_token_sha256"] == hashlib.sha256(b"new").hexdigest()
    assert len(second["services"][0]["bindings"]) == 2
    assert b"identity 177" not in database.bytes()


def test_the_order_of_names_does_not_matter(database, other):
    """Bindings may stand before the SID of their service, and services before the SID and token of their account."""
    world = big_world()
    load(database, world)
    for text in (
        json.dumps(world, sort_keys=True),
        json.dumps({"accounts": [dict(reversed(each.items())) for each in world["accounts"]]}, indent=1),
    ):
        load(other, text, "--replace")
        assert other.output("export") == database.output("export")


def test_a_world_can_come_through_a_pipe(database, other):
    """Standard input is read as a file is, whether it can be sought in or not, and so is a named pipe."""
    world = json.dumps(big_world(), sort_keys=True)
    load(database, world)
    file = database.path.parent / "world.json"
    file.write_text(world)
    packed = file.with_suffix(".gz")
    packed.write_bytes(gzip.compress(world.encode()))
    program = f"{' '.join(CLI)} import --replace --database {other.locator}"
    for script in (f"{program} - < {file}", f"gunzip -c {packed} | {program} -", f"{program} <(gunzip -c {packed})"):
        subprocess.run(["bash", "-c", script], check=True, capture_output=True, env=environment())
        assert other.output("export") == database.output("export")


BROKEN = {
    "rule": ({"binding_type": "sms"}, "/binding_type: must be one of apn, gcm, fcm"),
    "account": ({"account_sid": sid("AC", 2)}, "/account_sid: must be the SID of the account that the Binding"),
    "service": ({"service_sid": sid("IS", 1)}, "/service_sid: must be the SID of the service that the Binding"),
    "sid": ({"sid": sid("BS", 7)}, f": Binding {sid('BS', 7)} is there already"),
    "key": (
        {name: many(7)[name] for name in ("identity", "endpoint", "binding_type")},
        f": its service has the same identity, endpoint and binding_type already, as {sid('BS', 7)}",
    ),
}
"""Changes to a Binding in the middle of many, and their errors."""


@pytest.mark.parametrize(("name", "options"), [*((name, []) for name in BROKEN), ("key", ["--replace"])])
def test_one_bad_binding_in_the_middle_changes_nothing(database, name, options):
    """A broken rule is reported with line, pointer and rule, without personal data, and nothing is changed."""
    load(database, {"accounts": [account(9 if not options else 1, services=[])]})
    before = database.output("export")
    change, message = BROKEN[name]
    world = big_world()
    world["accounts"][0]["services"][1]["bindings"][MANY // 2] |= change
    text = json.dumps(world).replace('{"sid": "BS', '\n{"sid": "BS')
    file = database.path.parent / "world.json"
    file.write_text(text)
    error = database.error("import", file, *options)
    assert f"{file}, line {MANY // 2 + 2}, /accounts/0/services/1/bindings/{MANY // 2}{message}" in error
    assert "Nothing was imported." in error
    assert "identity 2" not in error
    assert "endpoint 7" not in error
    assert database.output("export") == before
    assert b"endpoint 1" not in database.bytes()


def test_a_bad_token_is_found_before_the_bindings_are_read(database):
    """An error in an account whose services come first is reported at its own line."""
    world = big_world()
    world["accounts"][1]["auth_token"] = ""
    text = json.dumps(world, sort_keys=True, indent=1)
    line = next(number for number, line in enumerate(text.splitlines(), 1) if '"auth_token": ""' in line)
    error = database.error("import", "-", stdin=text)
    assert f"standard input, line {line}, /accounts/1/auth_token: must not be empty" in error


@pytest.mark.parametrize("options", [[], ["--replace"]])
def test_duplicates_in_a_world_are_reported(database, options):
    """An account, key or service whose SID the world itself uses twice is refused, with --replace as well."""
    one, other = account(1, keys=[{"sid": sid("SK", 1), "secret": "x"}]), account(2)
    for accounts, message in (
        ([one, other, one], "/accounts/2/sid: account AC"),
        ([one | {"keys": one["keys"] * 2}], "/keys/1/sid: API key SK"),
        ([one, other | {"services": one["services"]}], "/accounts/1/services/0/sid: service IS"),
    ):
        error = database.error("import", "-", *options, stdin=json.dumps({"accounts": accounts}))
        assert message in error
        assert "is there already. Nothing was imported." in error
    assert json.loads(database.output("export")) == {"accounts": []}


def test_derived_properties_are_ignored(database, other):
    """A BINDING may be as the API serves it, with its account, its service, its URL and its links."""
    load(database, big_world())
    world = big_world()
    for owner in world["accounts"]:
        for service in owner["services"]:
            for served in service["bindings"]:
                served |= {"account_sid": owner["sid"], "service_sid": service["sid"]}
                served |= {"url": "u", "links": {"user": "v"}}
    load(other, world)
    assert other.output("export") == database.output("export")


def test_a_file_is_complete_or_not_there(database):
    """An export replaces its file at once, for its owner's eyes alone, leaves nothing beside it, and keeps a link."""
    load(database, big_world())
    folder = database.path.parent / "folder"
    folder.mkdir()
    real, link = folder / "real.json", folder / "link.json"
    real.write_text("old")
    real.chmod(0o644)
    link.symlink_to(real)
    database.output("export", "-o", link)
    assert real.read_text() == database.output("export")
    assert real.stat().st_mode & 0o777 == 0o600
    assert sorted(file.name for file in folder.iterdir()) == ["link.json", "real.json"]
    assert link.is_symlink()


def test_nothing_of_a_deleted_account_is_left_in_the_files(database):
    """No byte of the database's files holds an identity or endpoint of an account after `account delete --cascade`."""
    load(database, big_world())
    assert b"endpoint 123" in database.bytes()
    database.output("account", "delete", sid("AC", 1), "--cascade")
    content = database.bytes()
    assert set(re.findall(rb"endpoint \d+", content)) == {b"endpoint 1", b"endpoint 2"}  # account 2's
    assert len(json.loads(database.output("export"))["accounts"]) == 1


def test_a_world_is_imported_under_a_running_server(database):
    """A server answers what is imported, rotated and deleted while it runs."""
    load(database, {"accounts": []})
    with Service(database.path) as service, httpx.Client(base_url=service.url, timeout=60) as client:
        url = f"/v2/Services/{sid('IS', 2)}/Bindings/{sid('BS', 5)}"
        auth = (sid("AC", 1), f"{1:032x}")
        assert client.get(url, auth=auth).status_code == 401
        load(database, big_world())
        answer = client.get(url, auth=auth)
        assert (answer.status_code, answer.json()["identity"]) == (200, many(5)["identity"])
        assert client.get(url, auth=(sid("SK", 1), "secret-1")).status_code == 200
        database.output("account", "delete", sid("AC", 1), "--cascade")
        assert client.get(url, auth=auth).status_code in (401, 404)
        assert wait_until(lambda: client.get(url, auth=auth).status_code == 401, 60)


def test_an_export_is_of_one_moment_and_keeps_no_log(database):
    """Rows that others delete while an export waits for its reader are in it, and the write-ahead log can shrink."""
    load(database, big_world())
    before = database.output("export")
    assert len(before) > 64 * 1024 + 1000  # more than a pipe holds
    pipe = database.path.parent / "pipe"
    os.mkfifo(pipe)
    command = [*CLI, "export", "-o", str(pipe), "--database", database.locator]
    with subprocess.Popen(command, env=environment()) as process, pipe.open("rb") as reading:
        begun = reading.read(1000)  # a pipe holds some 64 KiB: the export waits in the middle
        with closing(sqlite3.connect(database.path)) as connection:
            connection.execute("DELETE FROM bindings")
            connection.commit()
            assert connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone() == (0, 0, 0)
        rest = reading.read()
        assert process.wait(60) == 0
    assert pipe.is_fifo()
    assert (begun + rest).decode() == before
    assert database.output("export") != before


KILLED = """
import os, signal, sys
from chat_bindings.cli import world
from chat_bindings.cli.progress import progress
from contextlib import contextmanager

@contextmanager
def killing(label, total, **options):
    yield (lambda _: os.kill(os.getpid(), signal.SIGKILL)) if label == "indexing" else (lambda _: None)

world.progress = killing
world.import_world()
"""


def test_an_import_that_is_killed_between_its_indexes_adds_nothing(database):
    """After `kill -9`, with all rows and one index there, the database is as it was, and takes the world."""
    load(database, {"accounts": []})
    before = database.output("export")
    file = database.path.parent / "world.json"
    file.write_text(json.dumps(big_world()))
    command = [sys.executable, "-c", KILLED, str(file), "--database", database.locator]
    assert subprocess.run(command, env=environment(), check=False).returncode == -signal.SIGKILL
    assert database.output("export") == before
    load(database, big_world())
    assert database.execute("SELECT count(*) FROM sqlite_schema WHERE tbl_name = 'bindings'") == [(5,)]
    assert database.execute("PRAGMA integrity_check") == [("ok",)]
