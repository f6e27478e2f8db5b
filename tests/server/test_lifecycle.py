"""A service as a process: its start, its clock, its clean end, and refusals that name the option."""

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from ..conftest import load
from ..support import raw
from ..support.answers import check_documented, document, operations
from ..support.databases import locator_of
from ..support.monitoring import OPTIONS, Monitor
from ..support.processes import children
from ..support.running import Service, cli_error, wait_until
from .conftest import Asker, Upload, registration

EXAMPLE = document()["components"]["examples"]["binding"]["value"]


@pytest.fixture(scope="module")
def database(tmp_path_factory, world_file) -> Path:
    return load(tmp_path_factory.mktemp("lifecycle") / "lifecycle.db", world_file)


def refuses(service: Service) -> bool:
    try:
        raw.connect(service.url).close()
    except ConnectionRefusedError:
        return True
    return False


@pytest.mark.parametrize(("number", "workers"), [(signal.SIGINT, 1), (signal.SIGTERM, 2)])
def test_requests_in_flight_are_finished(serve, world, number, workers):
    """After a signal connections are refused, and bodies under way are awaited; what a fault delays is dropped."""
    service = serve("--faults", "--workers", workers)
    service.wait_for_workers(workers)
    ask = Asker(service, world)
    with raw.connect(service.url) as delayed:
        delayed.sendall(ask.compose("listBindings", ("Prefer", "delay=60")))
        assert wait_until(lambda: "fault injected into listBindings" in service.log, 60)
        uploads = [Upload(ask, f"slow {n}") for n in range(4)]
        time.sleep(0.3)
        service.signal(number)
        assert wait_until(lambda: refuses(service), 60)
        assert delayed.recv(1) == b""
    time.sleep(0.5)
    assert service.returncode is None
    answers = [upload.finish() for upload in uploads]
    assert service.ended(60) == 0
    for answer in answers:
        check_documented(answer, "registerBinding")
    assert [answer.status for answer in answers] == [201] * 4
    assert "Cancel" not in service.log  # as of a request that is awaited in vain


@pytest.mark.parametrize(("number", "demo"), [(signal.SIGTERM, False), (signal.SIGINT, True)])
def test_an_idle_service_ends_at_once(database, number, demo):
    """With nothing in flight, idle connections or not, all of its processes end within seconds, and with 0."""
    world = ("--demo",) if demo else ("--database", locator_of(database))
    with Service(database, arguments=("serve", "--port", 0, *world, "--workers", 2)) as service:
        service.wait_for_workers(2)
        connections = [raw.connect(service.url) for _ in range(4)]
        for connection in connections[:2]:
            check_open(connection)
        processes = children(service.pid)
        for pid in [service.pid, *processes]:  # as a terminal does it: Ctrl-C is for all of them
            with suppress(ProcessLookupError):
                os.kill(pid, number)
        assert service.ended(60) == 0
        assert wait_until(lambda: are_gone(processes), 60)
        for connection in connections:
            connection.close()
    assert "Traceback" not in service.log
    assert "Error" not in service.log


def check_open(connection: socket.socket) -> None:
    """Check that a kept connection is served."""
    assert raw.one(connection, b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n").status == 404


def are_gone(pids: list[int]) -> bool:
    return not any(Path(f"/proc/{pid}").exists() for pid in pids)


def test_a_worker_starts_while_its_database_is_unavailable(world_file, world, tmp_path):
    """Of two workers one is killed while the database is moved aside: both answer 503, and 200 when it is back.

    After `kill -9` of their supervisor they end within seconds.
    """
    database = load(tmp_path / "moved.db", world_file)
    path = operations()["listBindings"].path(ServiceSid=world.empty["sid"])
    aside = tmp_path / "aside"
    aside.mkdir()
    with Service(database, "--workers", 2, *OPTIONS) as service:
        service.wait_for_workers(2)
        monitor = Monitor(service)
        for file in tmp_path.glob("moved.db*"):
            file.rename(aside / file.name)
        os.kill(children(service.pid)[-1], signal.SIGKILL)
        service.wait_for_workers(3)
        assert not monitor.is_ready()
        for _ in range(4):
            response = httpx.get(service.url + path, auth=world.auth, timeout=30)
            assert (response.status_code, response.json()["code"]) == (503, 20503)
            assert response.headers["Retry-After"]
        for file in aside.iterdir():
            file.rename(tmp_path / file.name)
        assert wait_until(monitor.is_ready, 60)
        for _ in range(4):
            assert httpx.get(service.url + path, auth=world.auth, timeout=30).status_code == 200
        workers = children(service.pid)
        with raw.connect(service.url) as connection:
            check_open(connection)
            service.kill()
            assert wait_until(lambda: are_gone(workers), 60)
    assert "database unavailable, it is opened when it is back" in service.log
    assert service.log.count("database opened again") >= 2


SLOW = """
import sys, time
if "--multiprocessing-fork" in sys.orig_argv:
    print("a worker", flush=True)
    time.sleep(6)
"""


def test_workers_that_start_slowly(database, tmp_path, monkeypatch):
    """Workers that take seconds to start, as on a busy machine, are waited for and not replaced."""
    (tmp_path / "sitecustomize.py").write_text(SLOW)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with Service(database, "--workers", 2) as service:
        service.wait_for_workers(2)
        assert service.output.count("a worker") == 2


def test_the_demo(tmp_path):
    """Its curl line fetches the Binding of Twilio's page; each start has a new token, and each end leaves nothing."""
    tokens = set()
    for number in (signal.SIGINT, signal.SIGTERM):
        with Service(tmp_path, arguments=("serve", "--demo", "--port", 0)) as service:
            assert wait_until(lambda: "curl" in service.output, 60)
            _, _, credentials, url = shlex.split(re.search(r"(?m)^\s*(curl -u .*)$", service.output)[1])
            user, token = credentials.split(":")
            fetched = httpx.get(url, auth=(user, token), timeout=60).json()
            assert fetched | {"links": EXAMPLE["links"], "url": EXAMPLE["url"]} == EXAMPLE
            assert fetched["url"] == url == EXAMPLE["url"].replace("https://chat.twilio.com", service.url)
            tokens.add(token)
            folder = Path(re.search(r"sqlite:///(\S+)/world\.db", service.log)[1])
            assert folder.stat().st_mode & 0o077 == 0
            service.signal(number)
            assert service.ended(60) == 0
        assert not folder.exists()
    assert len(tokens) == 2


def test_a_port_that_is_taken(database):
    """A port that is in use is refused, with its option and its number."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        error = cli_error("serve", "--port", port, "--database", locator_of(database), timeout=60)
    assert f"--port {port}" in error
    assert "in use" in error


OPEN_AND_CLOSE = """
import asyncio, sys, time
from pathlib import Path
from chat_bindings.storage.sqlite.engine import SqliteStorage

async def main():
    ends = time.monotonic() + 0.7
    while time.monotonic() < ends:
        storage = SqliteStorage(Path(sys.argv[1]), ("apn",))
        await storage.open()
        await storage.close()

asyncio.run(main())
"""


def test_workers_that_begin_and_end_at_the_same_moment(database):
    """Processes that open and close one file at the same moment lock it for each other, and none of them fails."""
    command = [sys.executable, "-c", OPEN_AND_CLOSE, database]
    running = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    assert [(process.communicate(timeout=60)[1], process.returncode) for process in running] == [("", 0)] * 3


@pytest.mark.needs("faketime")
@pytest.mark.parametrize("year", [1960, 2110])
def test_a_clock_before_1970_or_after_2038(serve, world, year):
    """Devices register and Bindings are read and deleted whatever the year."""
    (library,) = Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")
    clock = ["env", f"LD_PRELOAD={library}", f"FAKETIME=@{year}-01-01 00:00:00"]  # `faketime` would stay between
    ask = Asker(serve(under=clock), world)
    made = check_documented(ask("registerBinding", body=registration(endpoint="clock")), "registerBinding")
    assert made["date_created"].startswith(str(year))
    assert check_documented(ask("fetchBinding", sid=made["sid"]), "fetchBinding") == made
    check_documented(ask("listBindings"), "listBindings")
    assert ask("deleteBinding", sid=made["sid"]).status == 204
