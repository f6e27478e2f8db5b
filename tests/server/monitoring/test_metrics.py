"""The metrics of a service are the exact sum of its workers', without personal data."""

import subprocess
import time
from contextlib import ExitStack
from datetime import UTC, datetime

import pytest
from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client.parser import text_string_to_metric_families

from ...conftest import load
from ...support import raw
from ...support.answers import operations
from ...support.flood import Request, flood
from ...support.holding import HOLD_EVERYTHING, held
from ...support.monitoring import OPTIONS, WITHIN, Asked, Monitor
from ...support.running import Service, wait_until
from ...support.tools import path_of
from ..conftest import Upload, registration
from .test_logs import all_that_is_secret, ask_for_everything, change

MOST = 80
"""Connections that a worker takes."""

LABELS = {"operation_id", "method", "status", "le", "error", "outcome", "process", "reason", "version"}


@pytest.fixture(scope="module")
def service(serve):
    """Start a service of two workers, for the tests of this module."""
    service = serve(*OPTIONS, "--workers", 2, "--max-connections", MOST)
    assert wait_until(Monitor(service).is_ready, 60)
    return service


@pytest.fixture
def monitor(service):
    return Monitor(service)


def test_every_request_is_counted(service, monitor, ask, world):
    """Of two hundred requests over many connections each is counted once, by its operation, method and status."""
    before = monitor.requests()
    fetch, listed = ask.path("fetchBinding"), ask.path("listBindings")
    absent = ask.path("fetchBinding", sid=f"BS{'0' * 32}")
    sent = [
        (80, Request("GET", fetch), Asked("fetchBinding", "GET", "200")),
        (30, Request("GET", f"{listed}?PageSize=1"), Asked("listBindings", "GET", "200")),
        (20, Request("GET", f"{listed}?PageSize=0"), Asked("listBindings", "GET", "400")),
        (30, Request("GET", absent), Asked("fetchBinding", "GET", "404")),
        (10, Request("DELETE", absent), Asked("deleteBinding", "DELETE", "404")),
        (10, Request("GET", "/nowhere"), Asked("none", "GET", "404")),
        (10, Request("POST", fetch), Asked("none", "POST", "405")),
        (10, Request("OPTIONS", "/nowhere"), Asked("none", "OPTIONS", "404")),
    ]
    answers = flood(service.url, world.auth, [request for number, request, _ in sent for _ in range(number)])
    assert len(answers) == 200
    ask("listBindings", auth=None)
    raw.ask(service.url, "HEAD", fetch, [("Authorization", raw.basic(*world.auth))])
    raw.ask(service.url, "PROPFIND", fetch)
    expected = {asked: number for number, _, asked in sent} | {
        Asked("listBindings", "GET", "401"): 1,
        Asked("fetchBinding", "HEAD", "200"): 1,
        Asked("none", "_OTHER", "405"): 1,
    }
    assert wait_until(lambda: (monitor.requests() - before).total() >= sum(expected.values()), WITHIN)
    assert dict(monitor.requests() - before) == expected


def test_refusals_before_any_stage_are_counted(service, monitor, ask):
    """Malformed HTTP, and a connection that is one too many, have counters of their own."""
    name = "chat_bindings_refusals_total"
    before = [monitor.value(name, reason=reason) for reason in ("malformed", "too_many_connections")]
    for _ in range(3):
        assert raw.exchange(ask.url, b"no HTTP\r\n\r\n")[0].status == 400
    with ExitStack() as idle:
        for _ in range(20 * MOST):  # the system gives a connection to any worker, a full one included
            if ask("listBindings").status == 429:
                break
            idle.enter_context(raw.connect(service.url))
    malformed, too_many = (monitor.value(name, reason=reason) for reason in ("malformed", "too_many_connections"))
    assert malformed == before[0] + 3
    assert too_many > before[1]


def test_registrations_and_deletions_are_counted(monitor, ask, world):
    """A registration counts as a new Binding or an updated one, a deletion where there was something to delete."""

    def counted():
        outcomes = [monitor.value("chat_bindings_registrations_total", outcome=each) for each in ("created", "updated")]
        return [*outcomes, monitor.value("chat_bindings_deletions_total")]

    before = counted()
    for endpoint in ("one", "two", "one", "one"):
        assert ask("registerBinding", body=registration(endpoint=f"counted-{endpoint}")).status in (200, 201)
    assert ask("registerBinding", service_sid=world.foreign["sid"]).status == 404
    sid = world.full["bindings"][-1]["sid"]
    assert [ask("deleteBinding", sid=sid).status for _ in range(2)] == [204, 404]
    assert [after - one for after, one in zip(counted(), before, strict=True)] == [2, 2, 1]


def test_writes_that_share_a_commit(service, monitor, world):
    """Each commit counts with the number of its writes: together they are all writes, and fewer than those."""
    name = "chat_bindings_commit_writes"
    writes, commits = monitor.value(f"{name}_sum"), monitor.value(f"{name}_count")
    path = operations()["registerBinding"].path(ServiceSid=world.empty["sid"])
    form = {"Identity": "somebody", "BindingType": "apn", "CredentialSid": f"CR{'0' * 32}"}
    sent = [Request("POST", path, form | {"Endpoint": f"shared-{number}"}) for number in range(200)]
    assert {answer.status for answer in flood(service.url, world.auth, sent, connections=64)} == {201}
    assert monitor.value(f"{name}_sum") == writes + 200
    assert 200 / 64 <= monitor.value(f"{name}_count") - commits < 200


def test_errors_of_the_database_are_counted(service, monitor, ask):
    """A failed query is counted by its kind of error; the other counters stay at 0, and are there."""

    def counted():
        return [monitor.value("chat_bindings_database_errors_total", error=each) for each in ("unavailable", "other")]

    before = counted()
    with held(HOLD_EVERYTHING, service.database):
        assert ask("listBindings").status == 503
    assert counted() == [before[0] + 1, before[1]]
    assert 'chat_bindings_database_errors_total{error="damaged"} 0.0' in monitor.text


def test_each_process_has_its_metrics(service, monitor):
    """Each process has its memory, its CPU time and its files; a new database counts as just erased."""
    assert monitor.value("chat_bindings_last_erasure_timestamp_seconds") > time.time() - 86_400
    assert "erasure is overdue" not in service.log
    for name in ("resident_memory_bytes", "cpu_seconds_total", "open_fds"):
        for process in ("supervisor", "worker-1", "worker-2"):
            assert monitor.value(f"process_{name}", process=process) > 0


def test_metrics_hold_no_personal_data(monitor, ask, world):
    """Labels have operations, methods and statuses only: no path, SID, identity, query or secret."""
    ask_for_everything(ask, world)
    assert wait_until(lambda: {each.operation_id for each in monitor.requests()} == {*operations(), "none"}, WITHIN)
    text = monitor.text
    for secret in all_that_is_secret(world) | {world.a["sid"], world.full["sid"]}:
        assert secret not in text, secret
    asked = monitor.requests()
    assert {each.method for each in asked} <= {"GET", "HEAD", "POST", "DELETE", "OPTIONS", "_OTHER"}
    assert all(each.status.isdecimal() for each in asked)
    families = list(text_string_to_metric_families(text))
    assert {label for family in families for sample in family.samples for label in sample.labels} <= LABELS


def test_the_form_of_the_metrics(monitor, ask):
    """The form is Prometheus' own and, on request, OpenMetrics; both parse, and a histogram's buckets add up."""
    assert ask("listBindings").status == 200
    assert wait_until(lambda: Asked("listBindings", "GET", "200") in monitor.requests(), WITHIN)
    answer = monitor.get("/metrics", Accept="application/openmetrics-text; version=1.0.0")
    assert answer.headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
    for families in (
        openmetrics.text_string_to_metric_families(answer.text),
        text_string_to_metric_families(monitor.text),
    ):
        found = {family.name: family for family in families}
        samples = found["chat_bindings_request_duration_seconds"].samples
        series = {"operation_id": "listBindings", "method": "GET", "status": "200"}
        mine = [sample for sample in samples if series.items() <= sample.labels.items()]
        buckets = [sample.value for sample in mine if sample.name.endswith("_bucket")]
        (count,) = [sample.value for sample in mine if sample.name.endswith("_count")]
        (total,) = [sample.value for sample in mine if sample.name.endswith("_sum")]
        assert buckets == sorted(buckets)
        assert buckets[-1] == count > 0
        assert 0 < total < 10 * count


@pytest.mark.needs("promtool")
def test_promtool_finds_nothing(monitor, ask):
    """Prometheus' own linter has no remark."""
    assert ask("listBindings").status == 200
    command = [path_of("promtool"), "check", "metrics"]
    done = subprocess.run(command, input=monitor.text, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_requests_in_flight(monitor, ask):
    """A request counts as in flight from its head to its answer, in whichever worker it is."""
    uploads = [Upload(ask, f"flying-{number}") for number in range(5)]
    assert wait_until(lambda: monitor.value("chat_bindings_requests_in_flight") == 5, WITHIN)
    assert {upload.finish().status for upload in uploads} == {201}
    assert wait_until(lambda: monitor.value("chat_bindings_requests_in_flight") == 0, WITHIN)


def test_an_overdue_erasure(tmp_path, world_file):
    """After 25 days a service's log has the time of the last erasure, and what to do; the metric has the time."""
    database = load(tmp_path / "overdue.db", world_file)
    change(database, "UPDATE erasures SET erased_at = '2020-01-01T00:00:00Z'")
    with Service(database, *OPTIONS, "--no-docs") as service:
        assert wait_until(lambda: "erasure is overdue" in service.log, 60)
        assert "last erased from the database's files at 2020-01-01T00:00:00Z" in service.log
        value = Monitor(service).value("chat_bindings_last_erasure_timestamp_seconds")
        assert value == datetime(2020, 1, 1, tzinfo=UTC).timestamp()
