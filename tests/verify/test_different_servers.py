"""Servers that are right but different pass a strict run: a server's free choice is never a violation.

Choices that can stand beside each other are made by one server. `make wrong-servers` verifies each by itself.
"""

import json
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from ..servers import different as choices
from ..servers import different_network as network
from ..servers.catalogue import different, name_of
from ..servers.http import serving
from ..servers.right import Right
from ..support.running import run_cli
from .judging import describe, verified

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("unmeasured")]

TOGETHER = [
    [
        choices.NewestFirst, choices.UnderAPrefix, choices.ExtraFields, choices.BrokenTextMatchesNothing,
        choices.routes_before_it_asks, choices.FirstOfAScalar, choices.TenValues, choices.UpperCaseRequestIds,
        choices.encodes_all_but_letters_and_digits, choices.reads_integers_as_python, choices.AllowsTrace,
        choices.more_links,
    ],
    [
        choices.asks_before_it_routes, choices.Lenient, choices.OrderedByAHash, choices.OnAPublicHost,
        choices.PrettyPrinted, choices.broken_text_is404, choices.encodes_as_java_script, choices.coerces_integers,
        choices.bound_tokens,
    ],
    [
        choices.RowNumbersForTokens, choices.BehindAGateway, choices.LowerCaseEscapes,
        choices.KeepsWhatASegmentMayHave, choices.decodes_unicode_escapes, choices.BrokenEscapesStay,
        choices.behind_a_firewall,
    ],
]  # fmt: skip

ON_NETWORKS = [
    (network.LimitsTheRate,),
    (network.Slow150, network.Chunked, network.Packed, network.odd_headers),
    (network.throttles_until_a_date, network.loses_the_first_delete),
    (network.Slow, network.ReadsNoQualities, network.ClosesConnections),
    (network.throttles, network.gateway_loses_the_first_delete),
    (network.loses_requests,),
]
"""Events of the network in one run, the longest first."""


@pytest.mark.parametrize(
    "servers",
    [[Right], *(pytest.param(each, marks=pytest.mark.ci("whole runs take seconds each")) for each in TOGETHER)],
    ids=["right", *"123"],
)
def test_different(servers, world_file, world):
    """Every clause is passed, none skipped."""
    with serving(type("Different", tuple(servers), {})(world.document)) as url:
        report = verified(url, world_file)
    assert (report.verdict, describe(report)) == ("conformant", [])


@pytest.fixture(scope="module")
def runs(tmp_path_factory, world_file, world) -> Iterator[list[Future]]:
    """Run verify on each server, several at once."""

    def run(servers: tuple[type[Right], ...], folder: Path):
        with serving(type("Different", servers, {})(world.document)) as url:
            command = run_cli("verify", url, "--fixtures", world_file, "--strict", "--report-dir", folder)
        return command.returncode, command.stderr, json.loads((folder / "report.json").read_text(encoding="utf-8"))

    with ThreadPoolExecutor(4) as pool:
        yield [pool.submit(run, each, tmp_path_factory.mktemp("report")) for each in ON_NETWORKS]


@pytest.mark.ci("verifies servers that answer slowly")
@pytest.mark.parametrize("number", range(len(ON_NETWORKS)), ids=[name_of(each) for each, *_ in ON_NETWORKS])
def test_network(number, runs):
    """Behind another network too, slow, packed, throttled or losing requests, every clause is passed, none skipped."""
    returncode, stderr, report = runs[number].result()
    assert (returncode, report["verdict"]) == (0, "conformant"), stderr
    assert [each for each in report["clauses"] if each["outcome"] != "passed"] == []


def test_all_choices_are_made():
    """No server that is right but different is left out."""
    assert {server for servers in (*TOGETHER, *ON_NETWORKS) for server in servers} == set(different())
