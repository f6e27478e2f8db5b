"""Health and readiness on the monitoring port, in every state of the workers."""

import os
import re
import signal
import socket
import time

import pytest

from ...support import raw
from ...support.answers import check_error
from ...support.databases import DATABASES
from ...support.holding import HOLD_EVERYTHING, held
from ...support.monitoring import OPTIONS, WITHIN, Monitor
from ...support.postgres import Postgres
from ...support.processes import children
from ...support.running import Service, cli_error, wait_until
from ..conftest import Asker, Upload
from .test_logs import NO_SUCH_TABLE, without


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Make the folders of the services' temporary files."""
    return {workers: tmp_path_factory.mktemp(f"m{workers}") for workers in (1, 2)}


def started(serve, folders, workers):
    """Start a service whose temporary files are in a folder of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(folders[workers]))
        return serve(*OPTIONS, "--no-docs", "--workers", workers)


@pytest.fixture(scope="module")
def two(serve, folders):
    """Start a service of two workers."""
    return started(serve, folders, 2)


@pytest.fixture(scope="module")
def one(serve, folders):
    """Start a service whose only process serves and monitors."""
    return started(serve, folders, 1)


def workers_of(service: Service) -> list[int]:
    """Return its workers, in the order in which they became ready; Python has a process of its own beside them."""
    ready = re.findall(r"process (\d+) is ready", service.log)
    return [int(pid) for pid in ready if int(pid) in children(service.pid)]


def is_ready(monitor: Monitor) -> bool:
    return wait_until(monitor.is_ready, 60)


def test_a_service_is_ready_when_every_worker_is(two):
    """While workers start the service lives and is not ready, with a line for each; then it is ready."""
    monitor = Monitor(two)
    at_once = monitor.get("/readyz")
    assert monitor.get("/healthz").text == "ok\n"
    assert (at_once.status_code, at_once.text.count("\n")) in {(503, 1), (503, 2)}, at_once.text
    assert is_ready(monitor)
    assert wait_until(lambda: two.log.count("is ready\n") == 2, 60)


def test_the_port_answers_three_questions(two, world):
    """It has these three paths and no other, and the port of the contract has none of them."""
    monitor, ask = Monitor(two), Asker(two, world)
    assert is_ready(monitor)
    for path, begins in (("/healthz", "ok"), ("/readyz", "ready"), ("/metrics", "# HELP ")):
        answer = monitor.get(path)
        assert (answer.status_code, answer.text[: len(begins)]) == (200, begins)
        assert answer.headers["Content-Type"].startswith("text/plain")
        check_error(ask("fetchBinding", path=path), "not_found", "fetchBinding")
    assert monitor.get(ask.path("listBindings")).status_code == 404


def test_a_worker_that_hangs(two):
    """A worker that hangs is reported within two seconds; metrics and /healthz are served meanwhile."""
    monitor = Monitor(two)
    assert is_ready(monitor)
    worker = workers_of(two)[-1]
    os.kill(worker, signal.SIGSTOP)
    try:
        assert monitor.get("/healthz").status_code == 200
        assert "chat_bindings_requests_in_flight" in monitor.text
        answer = monitor.get("/readyz")
        assert answer.status_code == 503
        assert answer.text == f"Worker {worker}: it did not answer within 2 seconds.\n"
    finally:
        os.kill(worker, signal.SIGCONT)
    assert is_ready(monitor)


def test_a_worker_that_is_killed(two, world):
    """Until it is replaced the service is not ready; what it counted stays, and what it was answering is forgotten.

    One of the workers hung before.
    """
    monitor = Monitor(two)
    assert is_ready(monitor)
    ask = Asker(two, world)
    uploads = [Upload(ask, f"lost-{number}") for number in range(6)]
    asked = monitor.requests().total()
    assert {ask("listBindings").status for _ in range(5)} == {200}
    assert wait_until(lambda: monitor.value("chat_bindings_requests_in_flight") == 6, WITHIN)
    assert wait_until(lambda: monitor.requests().total() == asked + 5, WITHIN)
    before = monitor.requests()
    workers = workers_of(two)
    os.kill(workers[-1], signal.SIGSTOP)
    time.sleep(1.5)  # until the supervisor has pinged it
    for worker in workers:
        os.kill(worker, signal.SIGKILL)
    assert not monitor.is_ready()
    assert is_ready(monitor)
    assert monitor.requests() == before
    assert monitor.value("chat_bindings_requests_in_flight") == 0
    assert not set(workers_of(two)) & set(workers)
    assert "not ready: Worker" in two.log
    assert "ready again" in two.log
    for upload in uploads:
        upload.drop()


def test_a_database_that_is_away_or_another(one):
    """The service is not ready while the database does not answer, or lacks the schema; then it is again."""
    monitor = Monitor(one)
    for outage, message in (
        (held(HOLD_EVERYTHING, one.database), "the database did not answer within 1.5 seconds"),
        (without("accounts", one.database), f"the database cannot be read ({NO_SUCH_TABLE[DATABASES.engine]})"),
    ):
        assert is_ready(monitor)
        with outage:
            answer = monitor.get("/readyz")
            assert (answer.status_code, answer.text) == (503, f"Worker {one.pid}: {message}.\n")
            assert monitor.get("/healthz").status_code == 200
    assert is_ready(monitor)


def test_postgresql_that_is_away(tmp_path):
    """A PostgreSQL that hangs or is gone is reported within the bound; the service is ready again when it is."""
    with Postgres() as server:
        arguments = ("serve", "--port", 0, "--database", server.url(), "--no-docs", *OPTIONS)
        with Service(tmp_path, arguments=arguments) as service:
            monitor = Monitor(service)
            assert is_ready(monitor)
            worker = f"Worker {service.pid}: the database"
            server.pause()
            assert monitor.get("/readyz").text == f"{worker} did not answer within 1.5 seconds.\n"
            server.resume()
            assert is_ready(monitor)
            server.kill()
            assert monitor.get("/readyz").text.startswith(worker)
            server.start()
            assert is_ready(monitor)


def test_slow_clients_of_the_port(one):
    """A hundred silent connections delay no response."""
    monitor = Monitor(one)
    idle = [raw.connect(monitor.url) for _ in range(100)]
    for connection in idle[:50]:
        connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: ")
    assert monitor.get("/healthz").status_code == 200
    for connection in idle:
        connection.close()


def test_a_port_that_cannot_be_had(one, tmp_path, monkeypatch):
    """A port that is taken and a folder that is too deep are refused, and nothing is served."""
    command = ("serve", "--port", 0, "--database", one.locator)
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        taken = cli_error(*command, "--monitoring-port", port, timeout=60)
    assert f"--monitoring-port {port}" in taken
    assert "in use" in taken
    deep = tmp_path / ("deep" * 20)
    deep.mkdir()
    monkeypatch.setenv("TMPDIR", str(deep))
    refused = cli_error(*command, *OPTIONS, timeout=60)
    assert str(deep) in refused
    assert "TMPDIR" in refused


@pytest.mark.parametrize(("which", "workers"), [("one", 1), ("two", 2)])
def test_the_end(which, workers, request, folders, world):
    """While it finishes what is in flight it is not ready; when it has ended nothing of it is left."""
    service = request.getfixturevalue(which)
    monitor = Monitor(service)
    assert is_ready(monitor)
    upload = Upload(Asker(service, world), f"last-{workers}")
    assert wait_until(lambda: monitor.value("chat_bindings_requests_in_flight") == 1, WITHIN)
    (folder,) = folders[workers].iterdir()
    assert folder.stat().st_mode & 0o077 == 0
    service.signal(signal.SIGTERM)
    assert wait_until(lambda: not monitor.is_ready(), 60)
    assert monitor.get("/readyz").text == "The service is ending.\n"
    assert monitor.get("/healthz").status_code == 200
    assert upload.finish().status == 201
    assert service.ended(60) == 0
    assert list(folders[workers].iterdir()) == []
