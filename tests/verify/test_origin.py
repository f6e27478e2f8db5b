"""Credentials go to BASE_URL's origin alone."""

from ..servers.http import serving
from ..servers.right import Right
from .judging import describe, verified
from .test_unfit_targets import answering

_FOLLOWING = ("BINDING", "FETCH", "HTTP-1*", "PAGE-0*", "PAGE-1*", "FILTER-0*")
"""Clauses that read URLs, and follow them."""


def test_urls_of_another_host_get_no_credentials(world_file, world):
    """A target whose URLs name another host that listens: that host gets no request at all."""
    with answering(200, {"Content-Type": "application/json"}, b"{}") as (elsewhere, seen):
        host = elsewhere.replace("127.0.0.1", "localhost")  # another port of one host is a lost port
        server = type("NamesAnotherHost", (Right,), {}, base_url=lambda request: host)
        with serving(server(world.document)) as url:
            report = verified(url, world_file, _FOLLOWING)
    assert seen == []
    assert (report.verdict, describe(report)) == ("conformant", [])
