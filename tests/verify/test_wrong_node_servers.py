"""Each wrong server in Node.js, which has nothing of ours, is caught by the clause that is meant for it."""

import shutil

import pytest

from ..servers.node_server import serving_node
from .judging import node_servers, told, verified

NODE = shutil.which("node")

pytestmark = pytest.mark.skipif(NODE is None, reason="needs Node.js: apt-get install nodejs")


@pytest.mark.parametrize("server", node_servers() if NODE else [], ids=lambda each: f"{each.clause}-{each.name}")
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
