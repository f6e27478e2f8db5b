"""The time of a test with the pytest plugin, on the kept server and on one of its own, beside a reset of moto."""

import json
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

import httpx

from ...support.running import environment, wait_until
from .contending import ROOT, free_port
from .results import Json, say, table

_TESTS = """
import pytest

@pytest.mark.parametrize("number", range({tests}))
{mark}
def test_a_registration(number, chat_bindings_server):
    assert len(chat_bindings_server.bindings()) == 1
    chat_bindings_server.register(identity="new")
"""

_CONFTEST = """
import json
from collections import defaultdict
from pathlib import Path

SECONDS = defaultdict(float)

def pytest_runtest_logreport(report):
    assert report.passed, report.longrepr
    SECONDS[report.nodeid] += report.duration

def pytest_sessionfinish(session):
    Path(__file__).with_name("seconds.json").write_text(json.dumps(list(SECONDS.values())))
"""

KEPT, OWN, MOTO = "a kept server, reset", "a server for each test", "moto's server, reset and one request"


def measure(folder: Path, *, tests: int) -> Json:
    """Medians of the milliseconds of a test, its set-up and its end."""
    marks = {KEPT: "", OWN: "@pytest.mark.chat_bindings(fresh=True)"}
    results = {name: _tested(folder / str(index), mark, tests) for index, (name, mark) in enumerate(marks.items())}
    return results | {MOTO: _moto(tests)}


def _tested(folder: Path, mark: str, tests: int) -> Json:
    say(f"{tests} tests{f' with {mark}' if mark else ''}")
    folder.mkdir()
    (folder / "conftest.py").write_text(_CONFTEST, encoding="utf-8")
    (folder / "test_it.py").write_text(_TESTS.format(tests=tests, mark=mark), encoding="utf-8")
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", folder], cwd=folder, env=environment(),
        check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    return _summary(json.loads((folder / "seconds.json").read_text(encoding="utf-8")))


def _moto(tests: int) -> Json:
    say(f"moto, {tests} resets")
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-p", str(port)]
    queues = {"Action": "ListQueues", "Version": "2012-11-05"}
    seconds = []
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
                if not wait_until(lambda: _answers(client), 60):
                    raise RuntimeError("moto's server does not answer")
                for _ in range(tests):
                    began = time.perf_counter()
                    client.post("/moto-api/reset").raise_for_status()
                    client.post("/", data=queues, headers={"Host": "sqs.us-east-1.amazonaws.com"}).raise_for_status()
                    seconds.append(time.perf_counter() - began)
        finally:
            server.terminate()
    return _summary(seconds)


def _answers(client: httpx.Client) -> bool:
    try:
        return client.post("/moto-api/reset").is_success
    except httpx.TransportError:
        return False


def _summary(seconds: list[float]) -> Json:
    return {
        "tests": len(seconds),
        "median_ms": round(1000 * median(seconds), 2),
        "slowest_ms": round(1000 * max(seconds), 1),
    }


def tables(results: Json) -> list[str]:
    """Give the results as a table."""
    rows = [
        [name, str(each["tests"]), f"{each['median_ms']:.1f}", f"{each['slowest_ms']:.0f}"]
        for name, each in results.items()
    ]
    return table(["a test with", "tests", "median, ms", "slowest, ms"], rows)
