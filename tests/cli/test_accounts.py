"""`account`, `service` and `key`, as processes."""

import hashlib
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from ..support.running import run_cli

A = f"AC{'a' * 32}"
HEX = "[0-9a-f]{32}"


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "test.db"


@pytest.fixture
def run(database: Path):
    """Run a command on the test's own database."""

    def run(*arguments: str) -> CompletedProcess[str]:
        return run_cli(*arguments, "--database", f"sqlite:///{database}")

    return run


def lines(text: str) -> dict[str, str]:
    return dict(line.split(": ") for line in text.splitlines())


def rows(database: Path, table: str) -> list[tuple[str, ...]]:
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall()


def test_an_account_is_made_listed_rotated_and_deleted(run, database):
    """The token is printed once, on standard output; its SHA-256 is stored."""
    created = run("account", "create")
    printed = lines(created.stdout)
    assert list(printed) == ["sid", "auth_token"]
    assert re.fullmatch(f"AC{HEX}", printed["sid"])
    assert re.fullmatch(HEX, printed["auth_token"])
    assert "cannot be shown again" in created.stderr
    assert printed["auth_token"] not in created.stderr
    assert rows(database, "accounts") == [(printed["sid"], hashlib.sha256(printed["auth_token"].encode()).hexdigest())]
    assert run("account", "list").stdout == f"{printed['sid']}\n"

    rotated = lines(run("account", "rotate-token", printed["sid"]).stdout)
    assert rotated["sid"] == printed["sid"]
    assert rotated["auth_token"] != printed["auth_token"]
    assert rows(database, "accounts") == [(printed["sid"], hashlib.sha256(rotated["auth_token"].encode()).hexdigest())]

    assert run("account", "delete", printed["sid"]).returncode == 0
    assert (run("account", "list").stdout, rows(database, "accounts")) == ("", [])


def test_sids_can_be_chosen(run):
    """With --sid an account, a service and a key have the SIDs that a test suite, say, counts on."""
    assert lines(run("account", "create", "--sid", A).stdout)["sid"] == A
    assert lines(run("service", "create", A, "--sid", f"IS{'b' * 32}").stdout)["sid"] == f"IS{'b' * 32}"
    assert lines(run("key", "create", A, "--sid", f"SK{'c' * 32}").stdout)["sid"] == f"SK{'c' * 32}"
    again = run("account", "create", "--sid", A)
    assert (again.returncode, again.stdout, again.stderr) == (2, "", f"Error: account {A} is there already.\n")


def test_services_and_keys_are_made_listed_and_deleted(run, database):
    """Lists are a line for each row, separated by tabs, and can be narrowed to an account."""
    other = lines(run("account", "create").stdout)["sid"]
    run("account", "create", "--sid", A)
    service = lines(run("service", "create", A).stdout)
    key = run("key", "create", A)
    secret = lines(key.stdout)
    assert re.fullmatch(f"IS{HEX}", service["sid"])
    assert re.fullmatch(f"SK{HEX}", secret["sid"])
    assert service["account_sid"] == secret["account_sid"] == A
    assert secret["secret"] not in key.stderr
    assert rows(database, "api_keys") == [(secret["sid"], A, hashlib.sha256(secret["secret"].encode()).hexdigest())]
    for kind, sid in (("service", service["sid"]), ("key", secret["sid"])):
        assert run(kind, "list").stdout == f"{sid}\t{A}\n"
        assert run(kind, "list", "--account", A).stdout == f"{sid}\t{A}\n"
        assert run(kind, "list", "--account", other).stdout == ""
        assert run(kind, "delete", sid).returncode == 0
        assert run(kind, "list").stdout == ""


def test_deleting_what_is_not_empty_needs_cascade(run, database):
    """Without --cascade an account that has something stays, and the message names what it has, and the option."""
    run("account", "create", "--sid", A)
    run("service", "create", A)
    run("key", "create", A)
    refused = run("account", "delete", A)
    assert refused.returncode == 2
    assert refused.stderr == (
        f"Error: account {A} still has 1 service and 1 API key: delete them first, or use --cascade.\n"
    )
    assert len(rows(database, "services")) == 1
    assert run("account", "delete", A, "--cascade").returncode == 0
    assert [rows(database, table) for table in ("accounts", "services", "api_keys")] == [[], [], []]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["account", "create", "--sid", "ACx"], "(env var: 'CHAT_BINDINGS_ACCOUNT_CREATE_SID'): it must be AC"),
        (["account", "create", "--sid", A + "\n"], "it must be AC and 32 hexadecimal digits"),
        (["account", "delete", A[:-1] + "g"], "'SID': it must be AC and 32 hexadecimal digits"),
        (["account", "delete", A], f"there is no account {A}"),
        (["service", "create", f"IS{'a' * 32}"], "'ACCOUNT_SID': it must be AC and 32"),
        (["service", "list", "--account", A], f"there is no account {A}"),
        (["service", "delete", A], "'SID': it must be IS and 32"),
        (["key", "create", A, "--sid", A], "'--sid' (env var: 'CHAT_BINDINGS_KEY_CREATE_SID'): it must be SK and 32"),
    ],
)
def test_impossible_commands_are_refused_with_a_reason(run, database, arguments, message):
    """Refused input ends with 2 and a message that names the thing and the rule, and changes nothing."""
    run("account", "create", "--sid", f"AC{'f' * 32}")
    before = rows(database, "accounts")
    refused = run(*arguments)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert message in refused.stderr
    assert "Traceback" not in refused.stderr
    assert rows(database, "accounts") == before
