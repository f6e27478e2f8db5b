"""Servers behind another network pass a strict run: slow, chunked, packed, throttled, losing requests."""

import json
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from ..servers import different_network as network
from ..servers.catalogue import different, name_of
from ..servers.right import Right
from ..servers.running import serving
from ..support.running import run_cli

pytestmark = [
    pytest.mark.ci("verifies servers that answer slowly"),
    pytest.mark.long,
    pytest.mark.usefixtures("unmeasured"),
]

WAITING = (network.LimitsTheRate, network.Slow150, network.ThrottlesUntilADate, network.Slow, network.Throttles)
"""Those whose runs are long since they wait: first, so that the others run meanwhile."""

HERE = [*WAITING, *(each for each in different() if each.__module__ == network.__name__ and each not in WAITING)]

_AT_ONCE = 4


@pytest.fixture(scope="module")
def runs(tmp_path_factory, world_file, world) -> Iterator[dict[type[Right], Future]]:
    """The run on each server, several at once."""

    def run(server: type[Right], folder: Path):
        with serving(server, world.document) as url:
            command = run_cli("verify", url, "--fixtures", world_file, "--strict", "--report-dir", folder)
        return command.returncode, command.stderr, json.loads((folder / "report.json").read_text(encoding="utf-8"))

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        yield {each: pool.submit(run, each, tmp_path_factory.mktemp("report")) for each in HERE}


@pytest.mark.parametrize("server", HERE, ids=name_of)
def test_network(server, runs):
    """Every clause is passed, none skipped."""
    returncode, stderr, report = runs[server].result()
    assert (returncode, report["verdict"]) == (0, "conformant"), stderr
    assert [each for each in report["clauses"] if each["outcome"] != "passed"] == []
