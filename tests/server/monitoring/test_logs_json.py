"""The JSON log: an object a line with the request's id, without personal data."""

import json
import logging
import re
from datetime import UTC, datetime

import pytest

from chat_bindings.server.logs import JsonFormatter, TextFormatter

from ...conftest import load
from ...support.answers import operations
from ...support.holding import HOLD_EVERYTHING, held
from ...support.running import Service, wait_until
from ..conftest import Asker
from .test_logs import WORDS, all_that_is_secret, ask_about, ask_for_everything, without

MEMBERS = {"time", "level", "logger", "message"}
OF_A_REQUEST = {"request_id", "operation_id", "method", "path", "status", "duration_ms"}


@pytest.fixture
def logged(tmp_path, world_file):
    database = load(tmp_path / "logged.db", world_file)
    with Service(database, "--log-level", "debug", "--log-format", "json") as service:
        yield service


def lines(service: Service) -> list[dict[str, object]]:
    """The log, each line of which must be an object."""
    found = [json.loads(line) for line in service.log.splitlines()]
    assert all(isinstance(line, dict) and line.keys() >= MEMBERS for line in found)
    return found


def line_of(service: Service, request_id: str) -> dict[str, object]:
    """The access line of a request."""
    assert wait_until(lambda: f'"request_id":"{request_id}","method"' in service.log, 60)
    (line,) = [line for line in lines(service) if line.get("request_id") == request_id and "status" in line]
    return line


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
    for secret in all_that_is_secret(world):
        assert secret not in logged.log + logged.output, secret
    lines(logged)


def about(service: Service, answer, level: str, begins: str) -> None:
    """The other line about a request has its id, too."""
    line_of(service, request_id := answer.header("Twilio-Request-Id"))
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
