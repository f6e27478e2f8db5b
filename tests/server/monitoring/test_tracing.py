"""Traces, as an OTLP receiver gets them: a span a request, named by its operation, without personal data."""

import os
import sys
from collections import Counter

import click
import pytest

from chat_bindings.cli import cli
from chat_bindings.server.monitoring.tracing import obstacle

from ...conftest import load
from ...support.answers import operations
from ...support.databases import DATABASES
from ...support.holding import HOLD_EVERYTHING, held
from ...support.otlp import receiving
from ...support.running import Service, wait_until
from ..conftest import Asker
from .test_logs import DEVICE, NO_SUCH_TABLE, all_that_is_secret, ask_for_everything, without

TRACE, CALLER = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
OPERATIONS = [("listBindings", 200, "page"), ("fetchBinding", 200, "fetch"), ("registerBinding", 201, "register"),
              ("deleteBinding", 204, "delete")]  # fmt: skip


@pytest.fixture(scope="module")
def database(tmp_path_factory, world_file):
    return load(tmp_path_factory.mktemp("tracing") / "traced.db", world_file)


@pytest.fixture(scope="module")
def received():
    with receiving() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def service(database, received):
    """Start a service with tracing."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("OTEL_")]:
            patch.delenv(name)
        patch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", received.url)
        patch.setenv("OTEL_BSP_SCHEDULE_DELAY", "100")
        with Service(database, "--tracing") as service:
            yield service


@pytest.fixture
def span_of(received):
    """Return a function that waits for the span of a response."""

    def found(answer):
        own = ("http.response.header.twilio-request-id", [answer.header("Twilio-Request-Id")])
        assert wait_until(lambda: any(own in span.attributes.items() for span in received.spans()), 60)
        (span,) = (span for span in received.spans() if own in span.attributes.items())
        return span

    return found


@pytest.mark.parametrize(("operation_id", "status", "question"), OPERATIONS)
def test_a_request_is_a_span(ask, span_of, received, operation_id, status, question):
    """It has the operation's name and route, and its caller's trace; the database's spans are below it."""
    headers = [("traceparent", f"00-{TRACE}-{CALLER}-01"), ("tracestate", "vendor=personal-state")]
    answer = ask(operation_id, headers=headers)
    span = span_of(answer)
    assert (span.name, span.kind, span.trace_id, span.parent_id) == (operation_id, "SERVER", TRACE, CALLER)
    assert not span.is_error
    operation = operations()[operation_id]
    assert span.attributes == {
        "http.request.method": operation.method,
        "http.response.status_code": status,
        "http.route": operation.template,
        "http.response.header.twilio-request-id": [answer.header("Twilio-Request-Id")],
        "url.scheme": "http",
    }
    assert (span.resource["service.name"], span.resource["telemetry.sdk.language"]) == ("chat-bindings", "python")
    below = [each for each in received.spans("CLIENT") if each.parent_id == span.span_id]
    assert question in {each.name for each in below} <= {question, "credential"}
    for each in below:
        assert each.trace_id == TRACE
        assert each.attributes == {"db.system.name": DATABASES.engine, "db.operation.name": each.name}


def test_a_request_without_a_caller(ask, span_of):
    """It begins a trace of its own; so does one whose `traceparent` is malformed, or comes twice."""
    parent = ("traceparent", f"00-{TRACE}-{CALLER}-01")
    for headers in ([], [("traceparent", "personal")], [parent, parent]):
        span = span_of(ask("listBindings", headers=headers))
        assert span.parent_id == ""
        assert span.trace_id != TRACE


def test_a_caller_that_does_not_sample(ask, received, span_of):
    """A request that its caller does not sample is not exported."""
    trace = "f" * 31 + "e"
    assert ask("listBindings", headers=[("traceparent", f"00-{trace}-{CALLER}-00")]).status == 200
    span_of(ask("listBindings"))
    assert trace not in {span.trace_id for span in received.spans()}


def test_spans_of_requests_without_an_operation(ask, span_of):
    """A span without an operation has its method for a name, and no route; an unknown method of HTTP is not named."""
    span = span_of(ask("fetchBinding", path="/Peter"))
    assert (span.name, span.attributes["http.response.status_code"]) == ("GET", 404)
    assert "http.route" not in span.attributes
    assert span_of(ask("fetchBinding", method="PROPFIND")).name == "_OTHER"
    span = span_of(ask("fetchBinding", method="HEAD"))
    assert (span.name, span.attributes["http.request.method"]) == ("fetchBinding", "HEAD")


def test_faults(service, ask, span_of, received, database):
    """A 503 and a 500 are errors, with the kind of the exception; a 404 is none."""
    assert not span_of(ask("fetchBinding", sid=f"BS{'0' * 32}")).is_error
    with held(HOLD_EVERYTHING, database):
        away = ask("listBindings")
    with without("bindings", database):
        fault = ask("listBindings")
    for answer, status, kind in ((away, 503, "StorageUnavailable"), (fault, 500, NO_SUCH_TABLE[DATABASES.engine])):
        span = span_of(answer)
        assert (span.is_error, span.attributes["error.type"]) == (True, str(status))
        failed = [each for each in received.spans("CLIENT") if each.parent_id == span.span_id and each.is_error]
        assert kind in {each.attributes["error.type"] for each in failed}


def test_traces_hold_no_personal_data(ask, span_of, received, world):
    """No request leaves a path, a SID, an identity, a query, a secret, an event or a caller's state in a span."""
    ask_for_everything(ask, world)
    ask("listBindings", headers=[("baggage", f"user={DEVICE}"), ("traceparent", f"00-{TRACE}-{CALLER}-01"),
                                  ("tracestate", f"user={DEVICE}")])  # fmt: skip
    span_of(ask("fetchBinding"))
    sent = b"".join(received.bodies)
    for secret in all_that_is_secret(world) | {world.a["sid"], world.full["sid"], "personal-state"}:
        assert secret.encode() not in sent, secret
    for span in (span.message for span in received.spans(None)):
        assert (len(span.events), len(span.links), span.trace_state, span.status.message) == (0, 0, "", "")


def test_the_last_spans_are_exported(database, received, world, monkeypatch):
    """Responses right before the end are exported, under the name that the environment gives the service."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", received.url)
    monkeypatch.setenv("OTEL_SERVICE_NAME", "the-last")
    with Service(database, "--tracing") as service:
        ask = Asker(service, world)
        assert {ask("listBindings").status for _ in range(10)} == {200}
    mine = Counter(span.name for span in received.spans() if span.resource["service.name"] == "the-last")
    assert mine == {"listBindings": 10}


def test_without_a_receiver(database, world, monkeypatch):
    """Without a receiver requests are answered and the end is clean; the log names the problem, but not the address."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://127.0.0.1:9/v1/traces?key=s3cr3t")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "s3cr3t")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "100")
    with Service(database, "--tracing") as service:
        ask = Asker(service, world)
        assert {ask("listBindings").status for _ in range(10)} == {200}
        assert wait_until(lambda: "spans not exported" in service.log, 60)
        ask("listBindings")
    assert "s3cr3t" not in service.log


def test_without_the_extra(monkeypatch):
    """Without OpenTelemetry --tracing is refused, with the extra to install."""
    monkeypatch.delitem(sys.modules, "chat_bindings.server.monitoring.tracing")
    monkeypatch.setitem(sys.modules, "opentelemetry.context", None)
    with pytest.raises(click.UsageError, match=r"--tracing needs .*chat-bindings\[otel\]"):
        cli(["serve", "--tracing", "--demo"], standalone_mode=False)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/json"),
        ("OTEL_TRACES_EXPORTER", "zipkin"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"),
    ],
)
def test_unsupported_variables_are_refused(monkeypatch, name, value):
    """A setting of the environment that is not supported is refused in a sentence that names the variable."""
    assert obstacle() is None
    monkeypatch.setenv(name, value)
    assert obstacle().startswith(f"{name} is ")
