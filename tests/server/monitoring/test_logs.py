"""The log, as text and as JSON: no line holds an identity, an endpoint, a token or a secret, whatever goes wrong."""

import base64
import json
import logging
import re
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime
from urllib.parse import quote

import pytest

from chat_bindings.server.logs import JsonFormatter, TextFormatter

from ...conftest import load
from ...support import raw
from ...support.answers import check_error, operations
from ...support.databases import DATABASES, locator_of
from ...support.holding import HOLD_EVERYTHING, held
from ...support.processes import free_port
from ...support.running import Service, run_cli, wait_until
from ..conftest import FORM, Asker, registration

WORDS = ["Peter Personal", "pérsönal", "personal@example.com", "p/e?r#s&o=nal"]
DEVICE = "device-of-a-person"
TOKEN = "c0ffee" * 5 + "ab"
REFERER = "https://app.example/?user=personal-referer"


@pytest.fixture
def logged(request, tmp_path, world_file):
    """Start a service with a level and a format of its log."""
    level, form = request.param
    database = load(tmp_path / "logged.db", world_file)
    with Service(database, "--log-level", level, "--log-format", form, port=free_port()) as service:
        yield service


def forms(text: str) -> set[str]:
    """Return the forms in which a text could get into a log."""
    encoded = base64.b64encode(text.encode()).decode().rstrip("=")
    return {text, text.lower(), quote(text), quote(text, safe=""), repr(text)[1:-1], ascii(text)[1:-1], encoded[:-2],
            text.encode().hex(), text.encode("unicode_escape").decode(), text.encode().decode("latin-1")}  # fmt: skip


def all_that_is_secret(world) -> set[str]:
    """Return the identities, endpoints, tokens and secrets of the requests below and of the database."""
    credentials = [world.a["auth_token"], world.b["auth_token"], world.key["secret"], TOKEN]
    secret = {form for word in [*WORDS, DEVICE, "personal-referer", *credentials] for form in forms(word)}
    secret |= {
        raw.basic(*auth).partition(" ")[2][:-4] for auth in (world.auth, world.foreign_auth, (world.a["sid"], TOKEN))
    }
    # of the database's own identities those that are no words of every log
    secret |= {b["endpoint"] for s in world.a["services"] for b in s["bindings"] if len(b["endpoint"]) > 8}
    secret |= {b["identity"] for s in world.a["services"] for b in s["bindings"] if len(b["identity"]) > 8}
    return {text for text in secret if len(text) > 5}


def check_log(service, world) -> None:
    """Check that no secret is in the log."""
    for secret in all_that_is_secret(world):
        assert secret not in service.log + service.output, secret


def ask_for_everything(ask, world) -> None:
    """Send requests of every kind that carry what must not be logged, in every place of a request."""
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
"""The exceptions of each engine for a missing table."""


def change(database, statement: str) -> None:
    """Change a database behind a service's back: a file of SQLite's from a process of its own."""
    if isinstance(database, str):
        DATABASES.execute(database, statement)
        return
    code = "import sqlite3, sys; sqlite3.connect(sys.argv[1], isolation_level=None).execute(sys.argv[2])"
    subprocess.run([sys.executable, "-c", code, database, statement], check=True, timeout=60)


@contextmanager
def without(table: str, database):
    """Rename a table of the database while the block runs."""
    change(database, f"ALTER TABLE {table} RENAME TO lost")
    yield
    change(database, f"ALTER TABLE lost RENAME TO {table}")


def ask_about(ask, operation: str, word: str) -> raw.Response:
    """Send an operation's request with a word in one of its parameters."""
    query = f"Identity={quote(word, safe='')}" if operation == "listBindings" else ""
    return ask(operation, query, body=registration(word, DEVICE) if operation == "registerBinding" else None)


@pytest.mark.parametrize(
    ("logged", "of_a_request"), [(("debug", "text"), 1), (("error", "text"), 0)], indirect=["logged"]
)
def test_the_log(logged, world, of_a_request):
    """No request leaves personal data in the log, and no internal error, which is logged with its stack.

    At info there is a line for each request.
    """
    ask_for_everything(ask := Asker(logged, world), world)
    request_id = ask("fetchBinding").header("Twilio-Request-Id")
    with without("bindings", logged.database):
        for word in WORDS:
            for operation in operations():
                check_error(ask_about(ask, operation, word), "internal_server_error", operation)
    faults = len(WORDS) * len(operations())
    assert wait_until(lambda: logged.log.count("internal error") == faults, 60)
    assert '  File "' in logged.log
    line = rf"(?m) GET {ask.path('fetchBinding')} fetchBinding 200 [0-9.]+ms {request_id}$"
    assert (len(re.findall(line, logged.log)), "INFO" in logged.log) == (of_a_request, bool(of_a_request))
    check_log(logged, world)


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


MEMBERS = {"time", "level", "logger", "message"}
OF_A_REQUEST = {"request_id", "operation_id", "method", "path", "status", "duration_ms"}


def lines(service: Service) -> list[dict[str, object]]:
    """Parse the log, each line of which must be an object."""
    found = [json.loads(line) for line in service.log.splitlines()]
    assert all(isinstance(line, dict) and line.keys() >= MEMBERS for line in found)
    return found


def line_of(service: Service, request_id: str) -> dict[str, object]:
    """Find the access line of a request."""
    assert wait_until(lambda: f'"request_id":"{request_id}","method"' in service.log, 60)
    (line,) = [line for line in lines(service) if line.get("request_id") == request_id and "status" in line]
    return line


@pytest.mark.parametrize("logged", [("debug", "json")], indirect=True)
def test_the_json_log(logged, world):
    """Each line is an object, with members of their own for a request's facts and without personal data."""
    ask = Asker(logged, world)
    ask_for_everything(ask, world)
    found = ask("fetchBinding")
    line = line_of(logged, found.header("Twilio-Request-Id"))
    assert line.keys() == MEMBERS | OF_A_REQUEST
    assert (line["method"], line["path"], line["operation_id"]) == ("GET", ask.path("fetchBinding"), "fetchBinding")
    assert (line["status"], line["level"], line["logger"]) == (200, "info", "chat_bindings.access")
    assert 0 < line["duration_ms"] < 10_000
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z", line["time"])
    assert abs((datetime.now(UTC) - datetime.fromisoformat(line["time"])).total_seconds()) < 60
    line = line_of(logged, ask("fetchBinding", path="/Peter").header("Twilio-Request-Id"))
    assert (line["path"], line["operation_id"], line["status"]) == ("/*", None, 404)

    with held(HOLD_EVERYTHING, logged.database):
        away = ask("listBindings")
    about(logged, away, "warning", "database unavailable")
    with without("bindings", logged.database):
        for operation in operations():
            about(logged, ask_about(ask, operation, WORDS[0]), "error", "internal error")
        check_error(ask("listBindings", auth=raw.basic(world.a["sid"], "wrong")), "unauthorized", "listBindings")
        if DATABASES.engine == "sqlite":  # PostgreSQL finds a service and its Bindings by one statement
            check_error(ask("listBindings", service_sid=world.foreign["sid"]), "not_found", "listBindings")
    check_log(logged, world)
    lines(logged)


def about(service: Service, answer, level: str, begins: str) -> None:
    """Check the id of the other line about a request."""
    request_id = answer.header("Twilio-Request-Id")
    assert line_of(service, request_id)["status"] == answer.status
    (line,) = [line for line in lines(service) if line.get("request_id") == request_id and "status" not in line]
    assert (line["level"], line["message"][: len(begins)]) == (level, begins)


def record(*args, exc_info=None, name="uvicorn.error") -> logging.LogRecord:
    return logging.LogRecord(name, logging.ERROR, "x.py", 1, *args, exc_info)


def raised(message: str) -> BaseException:
    try:
        try:
            raise KeyError(message)
        except KeyError as error:
            raise ValueError(message) from error
    except ValueError as error:
        error.__cause__.__context__ = error  # a circle
        return error


@pytest.mark.parametrize("form", [JsonFormatter, TextFormatter])
def test_tracebacks_of_libraries(form):
    """A traceback of uvicorn or Connexion has the types of the exceptions and their frames, but no message."""
    error = raised(WORDS[0])
    found = form().format(
        record("Exception in ASGI application\n", (), exc_info=(type(error), error, error.__traceback__))
    )
    if form is JsonFormatter:
        assert "\n" not in found
        found = json.loads(found)["exception"]
    assert re.search(r"KeyError\n.*in raised\n.*ValueError\n.*in raised\n", found, re.DOTALL)
    assert WORDS[0] not in found


def test_texts_that_json_cannot_encode():
    """A lone surrogate is escaped, a line feed is not a line of its own, and another's mapping is a message alone."""
    found = json.loads(JsonFormatter().format(record("a\ud800\n%(x)s", ({"x": "y", "level": "z"},))))
    assert found["message"] == "a\\ud800\ny"
    assert (found["level"], found.keys()) == ("error", MEMBERS)
