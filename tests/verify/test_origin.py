"""Credentials go to BASE_URL's origin alone."""

from typing import Any

from ..servers.http import serving
from ..servers.right import Right
from .judging import describe, verified
from .test_unfit_targets import answering

_FOLLOWING = ("BINDING", "FETCH", "HTTP-1*", "PAGE-0*", "PAGE-1*", "FILTER-0*")
"""Clauses that read URLs, and follow them."""


def test_urls_of_another_host_get_no_credentials(world_file, world):
    """A target whose URLs name another host that listens: that host gets no request at all."""
    with answering(200, {"Content-Type": "application/json"}, b"{}") as (elsewhere, seen):

        class NamesAnotherHost(Right):
            """All URLs that it gives are those of another host."""

            def base_url(self, request: Any) -> str:
                return elsewhere.replace("127.0.0.1", "localhost")  # another port of one host is a lost port

        with serving(NamesAnotherHost(world.document)) as url:
            report = verified(url, world_file, _FOLLOWING)
    assert seen == []
    assert (report.verdict, describe(report)) == ("conformant", [])
