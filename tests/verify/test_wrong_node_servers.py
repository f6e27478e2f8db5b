"""Each wrong server in Node.js, which has nothing of ours, is caught by the clause that is meant for it."""

import pytest

from ..servers.node_server import serving_node
from ..support.tools import path_of
from .judging import node_servers, told, verified

pytestmark = [pytest.mark.ci("verifies 47 servers"), pytest.mark.needs("node"), pytest.mark.usefixtures("unmeasured")]


@pytest.mark.parametrize(
    "server", node_servers() if path_of("node") else [], ids=lambda each: f"{each.clause}-{each.name}"
)
def test_wrong_server(server, world_file):
    """The clause that is meant for a defect is violated."""
    with server.serving(world_file) as url:
        report = verified(url, world_file, [server.clause])
    assert [result.outcome for result in report.results] == ["failed"], told(report)


def test_right_server(world_file):
    """The right server in Node.js keeps every clause, none of which is skipped."""
    with serving_node(world_file) as url:
        report = verified(url, world_file)
    assert (report.verdict, told(report)) == ("conformant", [])
