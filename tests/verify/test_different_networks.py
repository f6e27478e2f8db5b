"""Servers behind another network pass a strict run: slow, chunked, packed, throttled, losing requests."""

import pytest

from ..servers import different_network
from ..servers.catalogue import different, name_of
from ..servers.running import serving
from .judging import told, verified

HERE = [server for server in different() if server.__module__ == different_network.__name__]


@pytest.mark.parametrize("server", HERE, ids=name_of)
def test_network(server, world_file, world):
    """Every clause is passed, none skipped."""
    with serving(server, world.document) as url:
        report = verified(url, world_file)
    assert (report.verdict, told(report)) == ("conformant", [])
