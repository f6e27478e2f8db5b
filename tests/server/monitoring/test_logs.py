"""No line of the log, at any level, holds an identity, an endpoint, a token or a secret, whatever goes wrong."""

import base64
import re
import subprocess
import sys
from contextlib import contextmanager
from urllib.parse import quote

import pytest

from ...conftest import load
from ...support import raw
from ...support.answers import check_error, operations
from ...support.databases import DATABASES, locator_of
from ...support.processes import free_port
from ...support.running import Service, run_cli, wait_until
from ..conftest import FORM, Asker, registration

LEVELS = ["debug", "error"]
WORDS = ["Peter Personal", "pérsönal", "personal@example.com", "p/e?r#s&o=nal"]
DEVICE = "device-of-a-person"
TOKEN = "c0ffee" * 5 + "ab"
REFERER = "https://app.example/?user=personal-referer"


@pytest.fixture(params=LEVELS)
def logged(request, tmp_path, world_file):
    """A service at each level of its log; the level."""
    database = load(tmp_path / "logged.db", world_file)
    with Service(database, "--log-level", request.param, port=free_port()) as service:
        yield service, request.param


def forms(text: str) -> set[str]:
    """The forms in which a text could get into a log."""
    encoded = base64.b64encode(text.encode()).decode().rstrip("=")
    return {text, text.lower(), quote(text), quote(text, safe=""), repr(text)[1:-1], ascii(text)[1:-1], encoded[:-2],
            text.encode().hex(), text.encode("unicode_escape").decode(), text.encode().decode("latin-1")}  # fmt: skip


def all_that_is_secret(world) -> set[str]:
    """The identities, endpoints, tokens and secrets that the requests below send and that the database holds."""
    credentials = [world.a["auth_token"], world.b["auth_token"], world.key["secret"], TOKEN]
    secret = {form for word in [*WORDS, DEVICE, "personal-referer", *credentials] for form in forms(word)}
    secret |= {
        raw.basic(*auth).partition(" ")[2][:-4] for auth in (world.auth, world.foreign_auth, (world.a["sid"], TOKEN))
    }
    # of the database's own identities those that are no words of every log
    secret |= {b["endpoint"] for s in world.a["services"] for b in s["bindings"] if len(b["endpoint"]) > 8}
    secret |= {b["identity"] for s in world.a["services"] for b in s["bindings"] if len(b["identity"]) > 8}
    return {text for text in secret if len(text) > 5}


def check_log(service, world, level) -> None:
    output = service.log + service.output
    for text in all_that_is_secret(world):
        assert text not in output, text
    assert ("INFO" in output) == (level == "debug")


def ask_for_everything(ask, world) -> None:
    """Requests of every kind that carry what must not be logged, in every place of a request."""
    full = world.full
    for word in WORDS:
        encoded = quote(word, safe="")
        for query in (
            "Identity={}",
            "Identity={}&PageSize=x",
            "{}=1",
            "PageToken={}",
            "Identity={}%00",
            "BindingType={}",
        ):
            ask("listBindings", query.format(encoded))
        ask("fetchBinding", f"Identity={encoded}")
        ask("fetchBinding", sid=encoded)
        ask("fetchBinding", service_sid=encoded)
        ask("fetchBinding", path=f"/v2/Services/{full['sid']}/Users/{encoded}")
        ask("fetchBinding", path=f"/{encoded}")
        ask("deleteBinding", sid=encoded)
        for auth in (f"Basic {word}".encode(), f"Bearer {word}".encode(), raw.basic(word, word)):
            ask("listBindings", auth=auth)
        ask("listBindings", headers=[("Referer", REFERER), ("Cookie", f"user={encoded}"), ("X-User", encoded)])
        ask("listBindings", headers=[("Host", encoded)])
        for content_type, body in (
            (FORM, registration(word, f"{DEVICE}-{word}")),
            (FORM, registration(word, DEVICE, BindingType=word)),
            (FORM, registration(word, DEVICE, CredentialSid=word)),
            (FORM, registration(word * 600, DEVICE)),
            (FORM, f"Identity={encoded}%zz&Endpoint={DEVICE}".encode()),
            ("application/json", f'{{"Identity": "{encoded}", "Endpoint": "{DEVICE}", }}'.encode()),
            ("application/json", f'{{"Identity": ["{encoded}"], "{encoded}": 1}}'.encode()),
            (encoded, b"x"),
        ):
            ask("registerBinding", body=body, headers=[("Content-Type", content_type)])
        ask("registerBinding", f"Identity={encoded}", body=registration(word, DEVICE))
    key = world.key["sid"]
    for auth in ((world.a["sid"], TOKEN), (key, TOKEN), world.foreign_auth, (key, world.key["secret"])):
        ask("listBindings", auth=raw.basic(*auth))
    ask("listBindings", f"AuthToken={TOKEN}")
    ask("listBindings", path=f"/{TOKEN}")
    for head in (f"BREW /{DEVICE} HTTP/1.1\r\nAuthorization: {TOKEN}", f"{DEVICE} {TOKEN}",
                 f"GET / HTTP/1.1\r\n{DEVICE}: a\r\n{TOKEN}"):  # fmt: skip
        raw.exchange(ask.url, f"{head}\r\n\r\n".encode())


NO_SUCH_TABLE = {"sqlite": "SQLError", "postgresql": "StorageDamaged"}
"""What each engine raises where a table is away."""


@contextmanager
def without(table: str, database):
    """The database lacks a table while the block runs; a file of SQLite's is changed from a process of its own."""
    code = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute(sys.argv[2])"
    for old, new in ((table, "lost"), ("lost", table)):
        statement = f"ALTER TABLE {old} RENAME TO {new}"
        if isinstance(database, str):
            DATABASES.execute(database, statement)
        else:
            subprocess.run([sys.executable, "-c", code, database, statement], check=True, timeout=60)
        if new == "lost":
            yield


def ask_about(ask, operation: str, word: str) -> raw.Response:
    """Ask for an operation with a word in what it takes."""
    query = f"Identity={quote(word, safe='')}" if operation == "listBindings" else ""
    return ask(operation, query, body=registration(word, DEVICE) if operation == "registerBinding" else None)


def test_the_log(logged, world):
    """No request leaves personal data in the log, and no internal error, which is logged with its stack.

    At info there is a line for each request.
    """
    service, level = logged
    ask_for_everything(ask := Asker(service, world), world)
    if level == "debug":
        request_id = ask("fetchBinding").header("Twilio-Request-Id")
        assert wait_until(lambda: f"{request_id}\n" in service.log, 60)
        (line,) = [line for line in service.log.splitlines() if request_id in line]
        assert re.search(rf" GET {ask.path('fetchBinding')} fetchBinding 200 [0-9.]+ms {request_id}$", line)
    with without("bindings", service.database):
        for word in WORDS:
            for operation in operations():
                check_error(ask_about(ask, operation, word), "internal_server_error", operation)
    faults = len(WORDS) * len(operations())
    assert wait_until(lambda: service.log.count("internal error") == faults, 60)
    assert '  File "' in service.log
    check_log(service, world, level)


def test_output_of_commands(world, world_file, tmp_path):
    """Commands that are refused, or that work, repeat no identity, endpoint, token or secret that they were given."""
    database = load(tmp_path / "output.db", world_file)
    locator = ("--database", locator_of(database))
    broken = tmp_path / "broken.json"
    text = world_file.read_text(encoding="utf-8")
    sid = world.full["bindings"][5]["sid"]
    broken.write_text(text.replace(sid, "BS1").replace(world.a["sid"], f"AC{'5' * 32}"), encoding="utf-8")
    output = ""
    for arguments in (
        ("import", world_file),
        ("import", broken),
        ("import", world_file, "--replace"),
        ("account", "list"),
        ("service", "list"),
        ("key", "list"),
        ("service", "delete", world.full["sid"]),
        ("account", "delete", world.a["sid"]),
    ):
        done = run_cli(*arguments, *locator)
        output += done.stdout + done.stderr
    assert "Nothing was imported" in output
    for secret in all_that_is_secret(world):
        assert secret not in output, secret
