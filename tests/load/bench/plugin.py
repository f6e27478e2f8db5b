"""The time of a test with the pytest plugin, on the kept server and on one of its own, beside a reset of moto."""

import json
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

import httpx

from ...support.processes import free_port
from ...support.running import Service, environment
from ..figures import say, table

_NUMBER = 200
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


def measure(folder: Path) -> list[str]:
    """Take the milliseconds of a test, its set-up and its end."""
    seconds = {
        "a kept server, reset": _test(folder / "kept", ""),
        "a server for each test": _test(folder / "fresh", "@pytest.mark.chat_bindings(fresh=True)"),
        "moto's server, reset and one request": _reset_moto(),
    }
    rows = [
        [name, str(len(each)), f"{1000 * median(each):.1f}", f"{1000 * max(each):.0f}"]
        for name, each in seconds.items()
    ]
    return table(["a test with", "tests", "median, ms", "slowest, ms"], rows)


def _test(folder: Path, mark: str) -> list[float]:
    say(f"{_NUMBER} tests{f' with {mark}' if mark else ''}")
    folder.mkdir()
    (folder / "conftest.py").write_text(_CONFTEST, encoding="utf-8")
    (folder / "test_it.py").write_text(_TESTS.format(tests=_NUMBER, mark=mark), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", folder]
    subprocess.run(command, cwd=folder, env=environment(), check=True, stdout=subprocess.DEVNULL)
    seconds: list[float] = json.loads((folder / "seconds.json").read_text(encoding="utf-8"))
    return seconds


def _reset_moto() -> list[float]:
    say(f"moto, {_NUMBER} resets")
    port, seconds = free_port(), []
    queues = {"Action": "ListQueues", "Version": "2012-11-05"}
    with (
        Service("", command=[sys.executable, "-m", "moto.server", "-p", port], port=port) as server,
        httpx.Client(base_url=server.url, timeout=60) as client,
    ):
        for _ in range(_NUMBER):
            began = time.perf_counter()
            client.post("/moto-api/reset").raise_for_status()
            client.post("/", data=queues, headers={"Host": "sqs.us-east-1.amazonaws.com"}).raise_for_status()
            seconds.append(time.perf_counter() - began)
    return seconds
