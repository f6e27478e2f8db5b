"""PAGE, once more: walks while Bindings are deleted."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from ...clause import OURS, clause
from ...evidence import Evidence
from ...facts import SCHEMAS
from ...plan import Picks
from ...response import Answer
from ...variants import has_no_neighbours
from ...violation import WorldLacks, check, every, fail, some
from ...world import Service

_NEXT = f"{SCHEMAS}/PageMeta/properties/next_page_url"
_PREVIOUS = f"{SCHEMAS}/PageMeta/properties/previous_page_url"


@clause(
    "PAGE-28",
    "must",
    "A walk visits all others after deletes before its position",
    source=OURS,
    spec=_NEXT,
    deletes="before a position",
)
def test_deleted_before(evidence: Evidence) -> None:
    """A walk during which Bindings before its position are deleted still visits every other Binding exactly once."""

    def action(picks: Picks) -> None:
        service = evidence.service_of(picks)
        order, index = _place(evidence, service, picks, ends=2)
        first = _first(evidence, service, index + 2)
        evidence.target.delete(service, order[index])
        _goes_on(evidence, service, first, order, f"after {order[index]}, on its first page, was deleted")

    evidence.attempt("before a position", action)


@clause(
    "PAGE-29",
    "must",
    "A walk goes on after deletes at the edge of a page",
    source=OURS,
    spec=_NEXT,
    deletes="edges of a page",
)
def test_deleted_edges(evidence: Evidence) -> None:
    """A walk goes on where the Bindings at the edge of its page, from which others are reckoned, are deleted."""

    def action(picks: Picks) -> None:
        service = evidence.service_of(picks)
        order, index = _place(evidence, service, picks, ends=1)
        other = next(pick.sid for pick in picks if pick.sid != order[index])

        def goes_on() -> None:
            first = _first(evidence, service, index + 1)
            evidence.target.delete(service, order[index])
            _goes_on(evidence, service, first, order, f"after {order[index]}, the last of its first page, was deleted")

        every((("the last of a page", goes_on), ("the first of a page", partial(_goes_back, evidence, service, other))))

    evidence.attempt("edges of a page", action)


@clause(
    "PAGE-30",
    "should",
    "A token after which everything was deleted gives an empty page",
    rule="A page after which everything was deleted",
    source=OURS,
    spec=_NEXT,
    deletes="after a token",
)
def test_deleted_after(evidence: Evidence) -> None:
    """Where everything after a token was deleted, its page SHOULD be empty: 200, both URLs null."""

    def action(picks: Picks) -> None:
        service = evidence.service_of(picks)
        first = evidence.target.list(service, [("Identity", picks[0].identity), ("PageSize", "1")])
        url = first.url("next_page_url")
        if url is None:
            fail("`meta.next_page_url`, a URL: the user has more Bindings", "null", first)
        for each in picks:
            if each.sid not in first.sids:
                evidence.target.delete(service, each)
        page = evidence.target.follow(url)
        check(page.bindings == [], "an empty page", page.summary, first, page)
        has_no_neighbours(page)

    evidence.attempt("after a token", action)


@clause(
    "PAGE-31",
    "must",
    "previous_page_url works after deletes on the previous page",
    rule="Pages after deletes",
    source=OURS,
    spec=_PREVIOUS,
    deletes="previous page",
)
def test_deleted_on_previous(evidence: Evidence) -> None:
    """`previous_page_url` MUST still work where Bindings of the page that it leads to were deleted: it shows the
    others.
    """

    def action(picks: Picks) -> None:
        service = evidence.service_of(picks)
        order, index = _place(evidence, service, picks, ends=3)
        first = _first(evidence, service, index + 3)
        second = _follow(evidence, first, "next_page_url")
        evidence.target.delete(service, order[index])
        back = _follow(evidence, second, "previous_page_url")
        wanted = [sid for sid in first.sids if sid != order[index]]
        shown = [sid for sid in back.sids if sid in wanted]
        check(
            shown == wanted and order[index] not in back.sids and set(back.sids) <= set(order),
            f"the {len(wanted)} other Bindings of the page, in the same order, and not {order[index]}",
            f"{back.summary}, {len(shown)} of them",
            second,
            back,
        )

    evidence.attempt("previous page", action)


@clause(
    "PAGE-35",
    "should",
    "Pages on the way back over deleted Bindings are full",
    rule="Going back over deleted Bindings",
    source=OURS,
    spec=_PREVIOUS,
    deletes="on the way back",
)
def back_over_deleted(evidence: Evidence) -> None:
    """Going back over Bindings that were deleted, a page that is not the last one SHOULD be full."""

    def action(picks: Picks) -> None:
        service = evidence.service_of(picks)
        order, index = _place(evidence, service, picks, ends=4)
        fitting = (size for size in range(index // 2, 1, -1) if (index // size + 1) * size < len(order))
        size = next(fitting, 1)  # so that pages stand before and behind that of the Binding
        page = _first(evidence, service, size)
        for _ in range(index // size):
            page = _follow(evidence, page, "next_page_url")
        after = _follow(evidence, page, "next_page_url")
        evidence.target.delete(service, order[index])
        back = _follow(evidence, after, "previous_page_url")
        if back.url("next_page_url") is not None:
            check(len(back.bindings) == size, f"a full page of {size}, since more follow", back.summary, after, back)

    evidence.attempt("on the way back", action)


def _place(evidence: Evidence, service: Service, picks: Picks, *, ends: int) -> tuple[Sequence[Any], int]:
    """Give the order in which Bindings stand, and which place among them one of the picks has."""
    order = evidence.standing(service)
    missing = [pick.sid for pick in picks if pick.sid not in order]
    check(not missing, f"a list that shows {some(missing)}", "one without")
    index = min(order.index(pick.sid) for pick in picks)
    if index + ends >= len(order):
        raise WorldLacks("service with Bindings behind those that are left to delete")
    return order, index


def _first(evidence: Evidence, service: Service, size: int) -> Answer:
    return evidence.target.list(service, [("PageSize", str(size))])


def _follow(evidence: Evidence, page: Answer, name: str) -> Answer:
    url = page.url(name)
    if url is None:
        fail(f"`meta.{name}`, a URL", "null", page)
    return evidence.target.follow(url, page)


def _goes_back(evidence: Evidence, service: Service, sid: str) -> None:
    """Raise `Violation` unless there is a way back from a page whose first Binding was deleted."""
    index = evidence.standing(service).index(sid)
    if index:
        first = _first(evidence, service, index)
        second = _follow(evidence, first, "next_page_url")
        evidence.target.delete(service, sid)
        back = _follow(evidence, second, "previous_page_url")
        check(
            back.sids == first.sids,
            f"the page before, after {sid}, the first of this page, was deleted",
            f"{back.summary}, another page",
            second,
            back,
        )


def _goes_on(evidence: Evidence, service: Service, first: Answer, order: Sequence[Any], when: str) -> None:
    """Raise `Violation` unless the walk from a page visits what the order says, each once."""
    pages = evidence.follow(first, service)
    sids = [sid for page in pages for sid in page.sids]
    missing = [sid for sid in order if sid not in sids]
    twice = len(sids) - len(set(sids))
    check(
        not missing and not twice,
        f"a walk that goes on with the next Binding {when}",
        f"{len(missing)} Bindings left out{': ' if missing else ''}{some(missing)}, {twice} shown twice",
        *pages[:2],
    )
