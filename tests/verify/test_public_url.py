"""`--public-url`: all URLs of answers begin with it; without it a foreign host breaks no clause and gets no request."""

import pytest

from ..servers.different import BehindAGateway, OnAPublicHost, UnderAPrefix
from ..servers.http import serving
from ..servers.right import Right
from .judging import describe, verified
from .test_unfit_targets import answering

_FOLLOWING = ("BINDING", "FETCH", "HTTP-1*", "PAGE-0*", "PAGE-1*", "FILTER-0*")
"""Clauses that read URLs, and follow them."""


@pytest.mark.parametrize(
    ("server", "public_url", "outcome"),
    [
        (OnAPublicHost, "https://chat.example.test/", "passed"),
        (OnAPublicHost, "http://chat.example.test", "failed"),
        (OnAPublicHost, "https://chat.example.test:8443", "failed"),
        (OnAPublicHost, "https://chat.example.test/prefix", "failed"),
        (BehindAGateway, "https://gateway.example.test/chat", "passed"),
        (BehindAGateway, "https://another.example.test/chat", "failed"),
    ],
)
def test_public_url(server, public_url, outcome, world_file, world):
    """The scheme, the host, the port and the prefix of URLs are those of the public URL."""
    with serving(server(world.document)) as url:
        [result] = verified(url, world_file, ["HTTP-12"], public_url=public_url).results
    assert result.outcome == outcome, result


@pytest.mark.parametrize(
    ("server", "public_url", "begins"),
    [
        (Right, "", ""),
        (UnderAPrefix, "", ""),
        (OnAPublicHost, "", "https://chat.example.test"),
        (OnAPublicHost, "https://chat.example.test", ""),
        (BehindAGateway, "", "https://gateway.example.test/chat"),
    ],
)
def test_foreign_urls_are_noted(server, public_url, begins, world_file, world):
    """One line names the prefix of URLs without --public-url, where that is not the base URL; no clause fails."""
    with serving(server(world.document)) as url:
        report = verified(url, world_file, ["HTTP-12", "BINDING-17"], public_url=public_url)
    assert report.verdict == "conformant", describe(report)
    assert [f"--public-url {begins} " in note and url in note for note in report.notes] == [True] * bool(begins)


def test_urls_of_another_host_get_no_credentials(world_file, world):
    """A target whose URLs name another host that listens: that host gets no request at all."""
    with answering(200, {"Content-Type": "application/json"}, b"{}") as (elsewhere, seen):
        host = elsewhere.replace("127.0.0.1", "localhost")  # another port of one host is a lost port
        server = type("NamesAnotherHost", (Right,), {}, base_url=lambda request: host)
        with serving(server(world.document)) as url:
            report = verified(url, world_file, _FOLLOWING)
    assert seen == []
    assert (report.verdict, describe(report)) == ("conformant", [])
