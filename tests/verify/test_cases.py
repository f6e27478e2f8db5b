"""A violation of several cases names every case that failed, and shows the shortest."""

import re

import pytest

from chat_bindings.verify.response import Answer, Request
from chat_bindings.verify.violation import Violation, case_name, every, violated

from ..servers.catalogue import by_name
from ..servers.running import serving
from .judging import verified


def fails(url):
    def check():
        violated("status 400", "status 200", Answer(Request("GET", url), 200, (), b""))

    return check


def test_every_case_that_failed_is_named():
    """The names of all are told, and the curl line is that of the shortest."""
    with pytest.raises(Violation) as raised:
        every([("long", fails("http://a/longer")), ("right", lambda: None), ("short", fails("http://a/"))])
    assert raised.value.detail == "2 of 3 cases fail: long, short"
    assert raised.value.curl.endswith(" http://a/")


def test_a_single_case_stays_as_it_is():
    """A check of one case needs no name."""
    with pytest.raises(Violation) as raised:
        every([("only", fails("http://a/"))])
    assert raised.value.detail == ""


def test_raw_bytes_are_shown_as_bash_writes_them():
    """Bytes that are no UTF-8 stand in a curl line as Bash sends them, and are named in ASCII."""
    request = Request("GET", "http://a/Bindings?it's=\udcff")
    assert request.curl.endswith(r" $'http://a/Bindings?it\'s=\xff'")
    assert case_name(Answer(request, 200, (), b"")) == r"GET Bindings?it's=\xff"


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (("PageSize", "+5"), "PageSize=+5"),
        ("a", "a"),
        ("", "''"),
        (" 1", "' 1'"),
        ("\x1b", r"'\x1b'"),
        ("x" * 99, "x" * 48 + "..."),
    ],
)
def test_names_of_cases(value, name):
    """A case has a short name without control characters."""
    assert case_name(value) == name


def test_a_clause_names_its_cases(world_file, world):
    """A server that takes some integers that are none: the clause names them, and quotes the target's own words."""
    with serving(by_name("rounds-page-sizes"), world.document) as url:
        [result] = verified(url, world_file, ["PAGE-25"]).results
    assert re.fullmatch(r"\d+ of \d+ cases? fails?: .*PageSize=1\.5.*", result.detail)
    assert "PageSize=1" in result.reproduce


def test_a_clause_that_judges_answers_names_their_requests(world_file, world):
    """A clause that judges what the run has seen names every request whose answer is wrong, without identities."""
    with serving(by_name("status-as-text"), world.document) as url:
        [result] = verified(url, world_file, ["ERROR-03"]).results
    assert re.fullmatch(r"\d+ of \d+ cases fail: .*GET Bindings\?PageSize=0.*", result.detail), result.detail
    assert case_name(Answer(Request("GET", "http://a/Bindings?Identity=someone&Page=1"), 200, (), b"")) == (
        "GET Bindings?Identity=...&Page=1"
    )


def test_a_clause_that_judges_pages_names_them(world_file, world):
    """A clause that judges the pages of several walks names those that are wrong."""
    with serving(by_name("key-of-users"), world.document) as url:
        [result] = verified(url, world_file, ["LIST-03"]).results
    assert re.fullmatch(r"\d+ of \d+ cases fail: .*GET Bindings\?PageSize=.*", result.detail), result.detail
