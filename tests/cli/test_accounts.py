"""`account`, `service` and `key`, as processes."""

import hashlib
import re

import pytest

from ..support.engines import SqliteDatabase
from ..support.running import run_cli

A = f"AC{'a' * 32}"
HEX = "[0-9a-f]{32}"


def lines(text: str) -> dict[str, str]:
    return dict(line.split(": ") for line in text.splitlines())


def rows(database: SqliteDatabase, table: str) -> list[tuple[str, ...]]:
    return database.execute(f"SELECT * FROM {table} ORDER BY 1")


def test_an_account_is_made_listed_rotated_and_deleted(database):
    """The token is printed once, on standard output; its SHA-256 is stored."""
    created = run_cli("account", "create", "--database", database.locator)
    printed = lines(created.stdout)
    assert list(printed) == ["sid", "auth_token"]
    assert re.fullmatch(f"AC{HEX}", printed["sid"])
    assert re.fullmatch(HEX, printed["auth_token"])
    assert "cannot be shown again" in created.stderr
    assert printed["auth_token"] not in created.stderr
    assert rows(database, "accounts") == [(printed["sid"], hashlib.sha256(printed["auth_token"].encode()).hexdigest())]
    assert database.output("account", "list") == f"{printed['sid']}\n"

    rotated = lines(database.output("account", "rotate-token", printed["sid"]))
    assert rotated["sid"] == printed["sid"]
    assert rotated["auth_token"] != printed["auth_token"]
    assert rows(database, "accounts") == [(printed["sid"], hashlib.sha256(rotated["auth_token"].encode()).hexdigest())]

    database.output("account", "delete", printed["sid"])
    assert (database.output("account", "list"), rows(database, "accounts")) == ("", [])


def test_sids_can_be_chosen(database):
    """With --sid an account, a service and a key have the SIDs that a test suite, say, counts on."""
    assert lines(database.output("account", "create", "--sid", A))["sid"] == A
    assert lines(database.output("service", "create", A, "--sid", f"IS{'b' * 32}"))["sid"] == f"IS{'b' * 32}"
    assert lines(database.output("key", "create", A, "--sid", f"SK{'c' * 32}"))["sid"] == f"SK{'c' * 32}"
    assert database.error("account", "create", "--sid", A) == f"Error: account {A} is there already.\n"


def test_services_and_keys_are_made_listed_and_deleted(database):
    """Lists are a line for each row, separated by tabs, and can be narrowed to an account."""
    other = lines(database.output("account", "create"))["sid"]
    database.output("account", "create", "--sid", A)
    service = lines(database.output("service", "create", A))
    key = run_cli("key", "create", A, "--database", database.locator)
    secret = lines(key.stdout)
    assert re.fullmatch(f"IS{HEX}", service["sid"])
    assert re.fullmatch(f"SK{HEX}", secret["sid"])
    assert service["account_sid"] == secret["account_sid"] == A
    assert secret["secret"] not in key.stderr
    assert rows(database, "api_keys") == [(secret["sid"], A, hashlib.sha256(secret["secret"].encode()).hexdigest())]
    assert "still has 1 service and 1 API key" in database.error("account", "delete", A)
    for kind, sid in (("service", service["sid"]), ("key", secret["sid"])):
        assert database.output(kind, "list") == f"{sid}\t{A}\n"
        assert database.output(kind, "list", "--account", A) == f"{sid}\t{A}\n"
        assert database.output(kind, "list", "--account", other) == ""
        database.output(kind, "delete", sid)
        assert database.output(kind, "list") == ""


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
def test_impossible_commands_are_refused_with_a_reason(database, arguments, message):
    """Refused input ends with 2 and a message that names the thing and the rule, and changes nothing."""
    database.output("account", "create", "--sid", f"AC{'f' * 32}")
    before = rows(database, "accounts")
    assert message in database.error(*arguments)
    assert rows(database, "accounts") == before
