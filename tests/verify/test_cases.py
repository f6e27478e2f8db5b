"""A violation of several cases names every case that failed, and shows the shortest."""

import re

import pytest

from chat_bindings.verify.response import Answer, Request
from chat_bindings.verify.violation import Violation, WorldLacks, case_name, every, fail

from ..servers.bases import after, first
from ..servers.catalogue import by_name
from ..servers.defects.unread import DeletesByDevice
from ..servers.http import Answer as Answered
from ..servers.http import serving
from ..servers.right import Right
from .judging import verified

LISTED = Answer(Request("GET", "http://a/Bindings?Identity=someone&Page=1"), 200, (), b"")


def fails(url):
    def check():
        fail("status 400", "status 200", Answer(Request("GET", url), 200, (), b""))

    return check


def test_every_case_that_failed_is_named():
    """All are named, and the curl line is that of the shortest."""
    with pytest.raises(Violation) as raised:
        every([("long", fails("http://a/longer")), ("right", lambda: None), ("short", fails("http://a/"))])
    assert raised.value.detail == "2 of 3 cases fail: long, short"
    assert raised.value.curl.endswith(" http://a/")


def test_a_case_without_a_world_hides_no_other():
    """A case that the world lacks leaves the others judged; the clause is unjudged where none of them fails."""

    def lacks():
        raise WorldLacks("API key")

    with pytest.raises(Violation, match="status 200"):
        every([("right", lambda: None), ("wrong", fails("http://a/")), ("unknown", lacks)])
    with pytest.raises(WorldLacks):
        every([("unknown", lacks), ("right", lambda: None)])


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
        (LISTED, "GET Bindings?Identity=...&Page=1"),
        ((LISTED, "page_size"), "page_size of GET Bindings?Identity=...&Page=1"),
    ],
)
def test_names_of_cases(value, name):
    """A case has a short name without control characters."""
    assert case_name(value) == name


@first(Right.delete, "DELETE-13")
def refuses_types_of_deletes(request):
    return Answered(415) if request.headers.get("content-type") else None


@after(Right.meta, "LIST-11")
def leads_to_the_first_page(found, page):
    first_page = found["first_page_url"]
    return found if page.bindings else found | {"next_page_url": first_page, "previous_page_url": first_page}


@first(Right.start, "PAGE-35")
def shows_the_first_page(wanted):
    return None if wanted.page_size == 1000 else 0


class DeletesTheDevice(DeletesByDevice, is_same_owner=lambda service, other: True):
    """A device is deleted wherever it is."""


@pytest.mark.parametrize(
    ("server", "clause", "names"),
    [
        (by_name("reads-leading-digits"), "PAGE-25", r"PageSize=10abc, PageSize=1\.5, .*"),
        (by_name("status-as-text"), "ERROR-03", r".*GET Bindings\?PageSize=.*"),
        (by_name("key-of-users"), "LIST-03", r".*GET Bindings\?PageSize=.*"),
        (by_name("url-lacks-the-version"), "HTTP-10", r"GET BS\w+, GET BS\w+, .*"),
        (refuses_types_of_deletes, "DELETE-13", "a form's Content-Type, JSON for a body, a Content-Type of JSON.*"),
        (DeletesTheDevice, "DELETE-17", r"BS\w+, BS\w+.*"),
        (leads_to_the_first_page, "LIST-11", "next_page_url, previous_page_url"),
        (leads_to_the_first_page, "FILTER-06", "next_page_url, previous_page_url; 6 of 6 cases fail: Identity=.*"),
    ],
    ids=lambda each: getattr(each, "__name__", None),
)
def test_a_clause_names_its_cases(server, clause, names, world_file, world):
    """A clause names all cases that fail, and shows one: those of the wrong servers stand in test_wrong_servers.py."""
    with serving(server(world.document)) as url:
        [result] = verified(url, world_file, [clause]).results
    assert re.fullmatch(rf"\d+ of \d+ cases fail: {names}", result.detail), result.detail
    assert result.reproduce.count("curl ") <= 3


def test_a_walk_in_a_circle_ends(world_file, world):
    """A clause that walks to a Binding ends where every page leads to the first one."""
    with serving(shows_the_first_page(world.document)) as url:
        [result] = verified(url, world_file, ["PAGE-35"]).results
    assert result.outcome == "failed"
