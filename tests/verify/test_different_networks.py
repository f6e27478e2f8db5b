"""Servers behind another network pass a strict run: slow, chunked, packed, throttled, losing requests."""

import json
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from ..servers import different_network as network
from ..servers.catalogue import different, name_of
from ..servers.http import serving
from ..servers.right import Right
from ..support.running import run_cli

pytestmark = [
    pytest.mark.ci("verifies servers that answer slowly"),
    pytest.mark.long,
    pytest.mark.usefixtures("unmeasured"),
]

TOGETHER = [
    (network.LimitsTheRate,),
    (network.Slow150, network.Chunked, network.Packed, network.OddHeaders),
    (network.ThrottlesUntilADate, network.LosesTheFirstDelete),
    (network.Slow, network.ReadsNoQualities, network.ClosesConnections),
    (network.Throttles, network.GatewayLosesTheFirstDelete),
    (network.LosesRequests,),
]
"""What can happen in one run, the longest first; `make wrong-servers` verifies each by itself."""

_AT_ONCE = 4


@pytest.fixture(scope="module")
def runs(tmp_path_factory, world_file, world) -> Iterator[list[Future]]:
    """The run on each server, several at once."""

    def run(servers: tuple[type[Right], ...], folder: Path):
        with serving(type("Different", servers, {})(world.document)) as url:
            command = run_cli("verify", url, "--fixtures", world_file, "--strict", "--report-dir", folder)
        return command.returncode, command.stderr, json.loads((folder / "report.json").read_text(encoding="utf-8"))

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        yield [pool.submit(run, each, tmp_path_factory.mktemp("report")) for each in TOGETHER]


@pytest.mark.parametrize("number", range(len(TOGETHER)), ids=[name_of(each) for each, *_ in TOGETHER])
def test_network(number, runs):
    """Every clause is passed, none skipped."""
    returncode, stderr, report = runs[number].result()
    assert (returncode, report["verdict"]) == (0, "conformant"), stderr
    assert [each for each in report["clauses"] if each["outcome"] != "passed"] == []


def test_all_networks_are_there():
    """No server behind another network is left out."""
    here = {server for server in different() if server.__module__ == network.__name__}
    assert {server for servers in TOGETHER for server in servers} == here
