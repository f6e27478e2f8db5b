"""Each wrong server is caught by the clause that is meant for it."""

import pytest

from .judging import Wrong, python_servers, told, verified

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("unmeasured")]

_EVERY = 12
"""`make test` verifies one in so many."""

SERVERS = [
    pytest.param(server, marks=[pytest.mark.ci("all servers take minutes")] if number % _EVERY else [])
    for number, server in enumerate(python_servers())
]


@pytest.mark.parametrize("server", SERVERS, ids=lambda each: f"{each.clause}-{each.name}")
def test_wrong_server(server: Wrong, world_file):
    """The clause that is meant for a defect is violated, and the report says what was expected and how to see it."""
    with server.serving(world_file) as url:
        report = verified(url, world_file, [server.clause])
    [result] = report.results
    assert result.outcome == "failed", told(report)
    assert result.expected
    assert result.actual
    assert "curl" in result.reproduce
    assert report.verdict == "violations"
    report.strict = False
    assert report.verdict == ("violations" if result.clause.level == "must" else "conformant")
