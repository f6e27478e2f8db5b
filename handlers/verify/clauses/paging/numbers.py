"""PAGE, once more: numbers, and what depends on them."""

from collections.abc import Sequence
from functools import partial
from operator import itemgetter
from urllib.parse import parse_qs, urlsplit

from ...clause import OURS, SDKS, clause
from ...evidence import Evidence
from ...facts import LARGEST_SIZE, PARAMETERS, SCHEMAS
from ...response import MISSING, Answer, describe, is_integer
from ...violation import WorldLacks, check, every, fail

_TOKEN = f"{PARAMETERS}/PageTokenParameter"
_META = f"{SCHEMAS}/PageMeta/properties"
_PAGES = (
    *(1, 2**15, 2**16 + 3, 2**31 - 3, 2**31 - 2, 2**31 - 1, 2**31 + 3, 2**32 - 1, 2**32 + 3),
    *(2**53 - 1, 2**53 + 1, 2**63 - 2, 2**63 - 1, 2**63 + 3, 2**64 + 3, 10**20 + 1, 10**40 + 1),
)
"""At the edges of what machines count with: of 16, 32, 53, 63 and 64 bits."""
_PAGE_SIZES = (1, 255, 256, 257, 2**16 + 5, 2**31 - 1, 2**32 + 5, 2**53 + 5, 2**63 + 5, 2**64 + 5, 10**40 + 5)


@clause(
    "PAGE-32",
    "must",
    "A Page that is accepted is echoed to the digit",
    rule="An integer that is accepted",
    source=OURS,
    spec=f"{PARAMETERS}/PageParameter",
)
def large_pages(evidence: Evidence) -> None:
    """A Page MUST be 400, or echoed to the digit, with the right numbers beside it: `next_page_url` carries Page + 1,
    or Page itself where that is the largest, and works.
    """
    evidence.each(_is_echoed, _PAGES, evidence)


@clause(
    "PAGE-33",
    "must",
    "A PageSize that is accepted is in force",
    rule="An integer that is accepted",
    source=OURS,
    spec=f"{PARAMETERS}/PageSizeParameter",
)
def large_sizes(evidence: Evidence) -> None:
    """A PageSize, however many bits it has, MUST be 400, or in force as it is, or cut to the maximum: never another
    one.
    """

    def in_force(size: int) -> None:
        answer = evidence.target.list(evidence.large, [("PageSize", str(size))])
        if answer.has_status(200, 400).status == 200:
            found = answer.meta.get("page_size", MISSING)
            allowed = (size, LARGEST_SIZE) if size > LARGEST_SIZE else (size,)
            expected = f"`meta.page_size`: {' or '.join(map(str, allowed))}"
            check(found in allowed and is_integer(found), expected, f"`meta.page_size`: {describe(found)}", answer)
            count = min(found, len(evidence.large.bindings))
            check(len(answer.bindings) == count, f"{count} Bindings", answer.summary, answer)

    evidence.each(in_force, _PAGE_SIZES)


@clause(
    "PAGE-34",
    "must",
    "previous_page_url depends on the position alone",
    source=SDKS,
    spec=f"{_META}/previous_page_url",
)
def previous_by_position(evidence: Evidence) -> None:
    """`previous_page_url` depends on the position of the page, and not on Page: it is null on the first page with any
    Page, and a URL that leads to the first page on the second one, with any Page.
    """
    large = evidence.large
    size = evidence.paged
    first = evidence.listed(large, size)
    token = ("PageToken", _parameter(first, "PageToken"))

    def is_first(query: Sequence[tuple[str, str]]) -> None:
        answer = evidence.target.list(large, [size, *query])
        check(answer.url("previous_page_url") is None, "`meta.previous_page_url`: null", "a URL", answer)

    def is_second(query: Sequence[tuple[str, str]]) -> None:
        second = evidence.target.list(large, [size, token, *query])
        url = second.url("previous_page_url")
        if url is None:
            fail("`meta.previous_page_url`, a URL: there is a page before", "null", second)
        back = evidence.target.follow(url, second)
        check(back.sids == first.sids, "the first page", f"{back.summary}, another page", second, back)

    cases = [("the second page without Page", partial(is_second, []))]
    cases += [(f"the first page with Page={page}", partial(is_first, [("Page", page)])) for page in ("1", "3")]
    cases += [(f"the second page with Page={page}", partial(is_second, [("Page", page)])) for page in ("0", "1", "40")]
    every(cases)


@clause(
    "PAGE-36",
    "must",
    "Of a Page or a PageToken that is sent twice, one counts, or it is refused",
    rule="A Page or a PageToken that is sent twice",
    source=OURS,
    spec=_TOKEN,
)
def sent_twice(evidence: Evidence) -> None:
    """A Page or a PageToken that is sent twice MAY be 400; else one of the two MUST count."""
    large, size = evidence.large, evidence.paged
    pages = evidence.walk(large, size).pages
    tokens = [_parameter(page, "PageToken") for page in pages[:2]]

    def one_of(case: tuple[str, str]) -> None:
        answer = evidence.target.list(large, [size, *(("Page", each) for each in case)])
        if answer.has_status(200, 400).status == 200:
            found = answer.meta.get("page", MISSING)
            check(str(found) in case, f"`meta.page`: {' or '.join(case)}", f"`meta.page`: {describe(found)}", answer)

    def one_page_of(case: Sequence[str]) -> None:
        answer = evidence.target.list(large, [size, *(("PageToken", each) for each in case)])
        if answer.has_status(200, 400).status == 200:
            is_one = answer.sids in [page.sids for page in pages[1:3]]
            check(is_one, "the page of one of the two tokens", f"{answer.summary}, another page", answer)

    pairs = [("3", "4"), ("4", "3")]
    sent = {"one and another": tokens, "another and one": tokens[::-1], "one and none": [*tokens[:1], "x"]}
    cases = [("Page={}&Page={}".format(*pair), partial(one_of, pair)) for pair in pairs]
    cases += [(f"PageToken: {name}", partial(one_page_of, each)) for name, each in sent.items()]
    evidence.each(lambda case: case[1](), cases, name=itemgetter(0))


@clause("PAGE-37", "should", "A PageToken with another PageSize keeps both", source=OURS, spec=_TOKEN)
def another_size(evidence: Evidence) -> None:
    """A PageToken with another PageSize than it came with is 400, or gives a page of that size from the same place."""
    large, size = evidence.large, evidence.paged
    pages = evidence.walk(large, size).pages
    token, order = _parameter(pages[0], "PageToken"), [sid for page in pages for sid in page.sids]
    own = len(pages[0].sids)

    def keeps(other: int) -> None:
        answer = evidence.target.list(large, [("PageSize", str(other)), ("PageToken", token)])
        if answer.has_status(200, 400).status == 200:
            wanted = order[own : own + other]
            expected = f"the {len(wanted)} Bindings that follow the first {own}"
            check(answer.sids == wanted, expected, f"{answer.summary}, others", answer)

    evidence.each(keeps, (max(own - 1, 1), own + 1, LARGEST_SIZE), name="PageSize={}".format)


def _is_echoed(evidence: Evidence, number: int) -> None:
    large, size = evidence.large, evidence.paged
    answer = evidence.target.list(large, [size, ("Page", str(number))])
    if answer.has_status(200, 400).status == 400:
        return
    page = answer.meta.get("page", MISSING)
    check(page == number and is_integer(page), f"`meta.page`: {number}", f"`meta.page`: {describe(page)}", answer)
    url = answer.url("next_page_url")
    if url is None:
        return
    carried = _parameter(answer, "Page")
    check(
        carried in (str(number), str(number + 1)),
        f"`meta.next_page_url` with Page={number + 1}",
        f"with Page={carried[:60]}",
        answer,
    )
    if carried == str(number):
        beyond = evidence.target.list(large, [size, ("Page", str(number + 1))])
        check(beyond.status == 400, f"Page={number + 1} in the URL of the next page", f"Page={number}", answer, beyond)
    following = evidence.target.follow(url, answer)
    following.has_status(200)
    page = following.meta.get("page", MISSING)
    check(page == int(carried), f"`meta.page`: {carried}", f"`meta.page`: {describe(page)}", answer, following)
    second = evidence.walk(large, size).pages[1]
    check(following.sids == second.sids, "the second page", f"{following.summary}, another page", answer, following)


def _parameter(page: Answer, name: str) -> str:
    """Give a parameter of the next page's URL. Raises `NotShown` where there is no next page."""
    url = page.url("next_page_url")
    if url is None:
        raise WorldLacks("service with two Bindings")
    found = parse_qs(urlsplit(url).query).get(name)
    if not found:
        fail(f"`meta.next_page_url` with {name}", "a URL without it", page)
    return found[-1]
