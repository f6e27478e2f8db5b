"""Pages: their sizes and order, and where their URLs lead."""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import product

from ...clause import OURS, PAGE, clause
from ...evidence import Evidence, Walk
from ...facts import DEFAULT_SIZE, LARGEST_SIZE, LIST, PARAMETERS, SCHEMAS, URLS
from ...response import MISSING, Answer, describe, describe_url
from ...violation import case_name, check, each_of, every, fail
from ...world import Service

_META = f"{SCHEMAS}/PageMeta/properties"
_SIZE = f"{PARAMETERS}/PageSizeParameter"


@clause("PAGE-01", "must", "A page holds at most PageSize Bindings", source=PAGE, spec=_SIZE)
def test_at_most(evidence: Evidence) -> None:
    """A page holds at most PageSize Bindings."""

    def fits(case: tuple[Answer, Walk]) -> None:
        page, walk = case
        size = walk.size or DEFAULT_SIZE
        check(len(page.bindings) <= size, f"at most {size} Bindings", page.summary, page)

    each_of(((page, walk) for walk in evidence.walks for page in walk.pages), fits)


@clause("PAGE-02", "must", "A page holds 50 Bindings by default", source=PAGE, spec=f"{SCHEMAS}/PageSize/default")
def test_default(evidence: Evidence) -> None:
    """Without a PageSize a page holds 50 Bindings."""

    def fits(service: Service) -> None:
        answer = evidence.listed(service)
        expected = min(len(service.bindings), DEFAULT_SIZE)
        check(len(answer.bindings) == expected, f"{expected} Bindings", answer.summary, answer)

    each_of((evidence.large, evidence.rich), fits)


@clause("PAGE-03", "must", "meta.page_size is the page size in force", source=PAGE, spec=f"{_META}/page_size")
def test_page_size(evidence: Evidence) -> None:
    """`meta.page_size` is the page size in force, the default included, however many Bindings are on the page."""

    def fits(case: tuple[Answer, Walk]) -> None:
        page, walk = case
        size, found = walk.size or DEFAULT_SIZE, page.meta.get("page_size", MISSING)
        check(found == size, f"`meta.page_size`: {size}", f"`meta.page_size`: {describe(found)}", page)

    each_of(((page, walk) for walk in (*evidence.walks, *evidence.filtered_walks) for page in walk.pages), fits)


@clause("PAGE-04", "must", "PageSize 1 and 1000 work", source=PAGE, spec=f"{SCHEMAS}/PageSize")
def test_bounds(evidence: Evidence) -> None:
    """PageSize 1 and the maximum, 1000, work."""

    def fits(case: tuple[Service, str]) -> None:
        service, size = case
        answer = evidence.listed(service, ("PageSize", size))
        expected = min(int(size), len(service.bindings))
        check(len(answer.bindings) == expected, f"{expected} Bindings", answer.summary, answer)

    each_of(product((evidence.large, evidence.rich), ("1", str(LARGEST_SIZE))), fits)


@clause("PAGE-05", "must", "A walk visits every Binding once", source=PAGE, spec=f"{_META}/next_page_url")
def test_walk(evidence: Evidence) -> None:
    """Following `next_page_url` from the first page visits every Binding exactly once."""
    each_of(evidence.walks, _visits)


@clause("PAGE-06", "must", "Every page but the last is full", source=OURS, spec=LIST)
def test_full(evidence: Evidence) -> None:
    """Every page but the last is full."""

    def fits(case: tuple[Answer, Walk]) -> None:
        page, walk = case
        size = walk.size or DEFAULT_SIZE
        check(len(page.bindings) == size, f"{size} Bindings on every page but the last", page.summary, page)

    each_of(((page, walk) for walk in evidence.walks for page in walk.inner), fits)


@clause("PAGE-07", "must", "The last page has no next page", source=PAGE, spec=f"{_META}/next_page_url")
def test_last(evidence: Evidence) -> None:
    """`next_page_url` is null on the last page, also where that is full: there is no empty page after it."""

    def fits(walk: Walk) -> None:
        last = walk.pages[-1]
        is_empty = not last.bindings and len(walk.pages) > 1
        check(not is_empty, "no next page after the last Binding", "an empty page", *walk.pages[-2:])

    each_of((*evidence.walks, *evidence.filtered_walks), fits)


@clause("PAGE-08", "must", "A page has a next page where more follows", source=PAGE, spec=f"{_META}/next_page_url")
def test_next(evidence: Evidence) -> None:
    """`next_page_url` is not null where more Bindings follow."""

    def fits(walk: Walk) -> None:
        lacking = len(walk.service.sids - set(walk.sids))
        ends = walk.pages[-1]
        check(not lacking, f"a next page: {lacking} Bindings were not shown yet", "`meta.next_page_url`: null", ends)

    each_of(evidence.walks, fits)


@clause("PAGE-09", "must", "The first page has no previous page", source=PAGE, spec=f"{_META}/previous_page_url")
def test_first_has_no_previous(evidence: Evidence) -> None:
    """`previous_page_url` is null on the first page, however one comes there."""

    def is_first(page: Answer, *given_by: Answer) -> None:
        previous = page.url("previous_page_url")
        check(previous is None, "`meta.previous_page_url`: null", describe_url(previous), *given_by, page)

    def is_led_back(walk: Walk) -> None:
        url = walk.pages[1].url("previous_page_url") if len(walk.pages) > 1 else None
        if url is not None:
            is_first(evidence.target.follow(url, walk.pages[1]), walk.pages[1])

    walks = (*evidence.walks, *evidence.filtered_walks)
    every(
        [
            *((case_name(walk.pages[0]), partial(is_first, walk.pages[0])) for walk in walks),
            *((f"the way back of {case_name(walk)}", partial(is_led_back, walk)) for walk in _few(evidence)),
        ]
    )


@clause("PAGE-10", "must", "Later pages have a previous page", source=PAGE, spec=f"{_META}/previous_page_url")
def test_previous(evidence: Evidence) -> None:
    """`previous_page_url` is not null on every page after the first."""

    def fits(page: Answer) -> None:
        check(page.url("previous_page_url") is not None, "`meta.previous_page_url`, a URL", "null", page)

    each_of((page for walk in (*evidence.walks, *evidence.filtered_walks) for page in walk.pages[1:]), fits)


@clause(
    "PAGE-11", "must", "previous_page_url walks the same pages back", source=PAGE, spec=f"{_META}/previous_page_url"
)
def test_back(evidence: Evidence) -> None:
    """Following `previous_page_url` walks the same pages back, with the Bindings in the same order."""
    evidence.each(_back, (evidence.walks[0], *evidence.walks[2:4], evidence.filtered_walks[2]), evidence)


def _back(evidence: Evidence, walk: Walk) -> None:
    page = walk.pages[-1]
    for earlier in reversed(walk.inner):
        url = page.url("previous_page_url")
        if url is None:
            fail("`meta.previous_page_url`, a URL", "null", page)
        back = evidence.target.follow(url, page)
        check(
            back.sids == earlier.sids,
            f"the page before, with {len(earlier.sids)} Bindings in the same order",
            f"{back.summary}, {'in another order' if set(back.sids) == set(earlier.sids) else 'others'}",
            page,
            back,
        )
        page = back


@clause("PAGE-12", "must", "first_page_url leads to the first page", source=PAGE, spec=f"{_META}/first_page_url")
def test_first_page_url(evidence: Evidence) -> None:
    """`first_page_url` leads to the first page, from every page."""
    pages = [(page, walk.pages[0]) for walk in _few(evidence) for page in walk.pages[:3]]
    evidence.each(lambda page: _leads(evidence, page[0], "first_page_url", page[1], "the first page"), pages)


@clause("PAGE-13", "must", "meta.url leads to its own page", source=PAGE, spec=f"{_META}/url")
def test_url(evidence: Evidence) -> None:
    """`meta.url` leads to the page that it stands on."""
    pages = [page for walk in _few(evidence) for page in walk.pages[:3]]
    evidence.each(lambda page: _leads(evidence, page, "url", page, "the same page"), pages)


@clause("PAGE-14", "must", "Page URLs keep the filters", source=PAGE, spec=f"{_META}/next_page_url")
def test_keep_filters(evidence: Evidence) -> None:
    """All four page URLs lead to lists with the same filters."""

    def fits(case: tuple[Answer, Answer, Walk]) -> None:
        led, page, walk = case
        identities = [value for name, value in walk.query if name == "Identity"]
        types = [value for name, value in walk.query if name == "BindingType"]
        wanted = {binding.sid for binding in walk.service.matching(identities, types)}
        strange = [sid for sid in led.sids if sid not in wanted]
        check(not strange, "only Bindings that the filters ask for", f"{len(strange)} others too", page, led)

    each_of(_follow_urls(evidence, evidence.filtered_walks[1:]), fits)


@clause("PAGE-15", "must", "Page URLs keep the page size", source=PAGE, spec=f"{_META}/next_page_url")
def test_keep_size(evidence: Evidence) -> None:
    """All four page URLs lead to lists with the same page size."""

    def fits(case: tuple[Answer, Answer, Walk]) -> None:
        led, page, walk = case
        size = led.meta.get("page_size", MISSING)
        check(
            size == walk.size and len(led.bindings) <= (walk.size or 0),
            f"a page of PageSize {walk.size}",
            f"{led.summary}, `meta.page_size`: {describe(size)}",
            page,
            led,
        )

    each_of(_follow_urls(evidence, (evidence.walk(evidence.large, evidence.paged), evidence.filtered_walks[-1])), fits)


def _few(evidence: Evidence) -> Sequence[Walk]:
    return (evidence.walks[0], evidence.walks[2], evidence.filtered_walks[-1])


def _visits(walk: Walk) -> None:
    """Raise `Violation` unless a walk shows all Bindings of its service, each once."""
    sids, wanted = walk.sids, walk.service.sids
    missing, twice, strange = wanted - set(sids), len(sids) - len(set(sids)), set(sids) - wanted
    check(
        not missing and not twice and not strange,
        f"{len(wanted)} Bindings, each once",
        f"{len(missing)} missing, {twice} more than once, {len(strange)} others",
        *walk.pages[:2],
    )


def _leads(evidence: Evidence, page: Answer, name: str, wanted: Answer, what: str) -> None:
    url = page.url(name)
    if url is None:
        fail(f"`meta.{name}`, a URL", "null", page)
    led = evidence.target.follow(url, page)
    check(
        led.status == 200 and led.sids == wanted.sids,
        f"`meta.{name}` leads to {what}",
        f"{led.summary}, another page",
        page,
        led,
    )


def _follow_urls(evidence: Evidence, walks: Iterable[Walk]) -> Iterator[tuple[Answer, Answer, Walk]]:
    """Yield what the page URLs of each walk's second page, or of its only one, lead to: with that page."""
    pages = [(walk.pages[min(1, len(walk.pages) - 1)], walk) for walk in walks]
    given = [(url, page, walk) for page, walk in pages for name in URLS if (url := page.url(name)) is not None]
    answers = evidence.target.together([partial(evidence.target.follow, url, page) for url, page, _ in given])
    return ((led, page, walk) for led, (_, page, walk) in zip(answers, given, strict=True))
