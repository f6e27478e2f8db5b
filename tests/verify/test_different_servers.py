"""Servers that are right but different pass a strict run: what a server may choose is never a violation."""

import pytest

from ..servers import different
from ..servers.catalogue import different as all_different
from ..servers.catalogue import name_of
from ..servers.right import Right
from ..servers.running import serving
from .judging import told, verified

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("unmeasured")]

HERE = [server for server in all_different() if server.__module__ == different.__name__]


ALL = [Right, *(pytest.param(each, marks=pytest.mark.ci("whole runs take seconds each")) for each in HERE)]


@pytest.mark.parametrize("server", ALL, ids=name_of)
def test_different(server, world_file, world):
    """Every clause is passed, none skipped."""
    with serving(server, world.document) as url:
        report = verified(url, world_file)
    assert (report.verdict, told(report)) == ("conformant", [])
