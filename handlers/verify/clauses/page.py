"""PAGE: turning pages."""

from collections.abc import Sequence
from functools import partial
from urllib.parse import parse_qs, urlsplit

from ..clause import OURS, PAGE, SDKS, clause
from ..evidence import Evidence, Walk
from ..facts import BAD_PARAMETER, DEFAULT_SIZE, LARGEST_SIZE, LIST, PARAMETERS, SCHEMAS, SIZE_TOO_LARGE, TYPES
from ..response import MISSING, Answer, describe, describe_url, is_integer
from ..violation import WorldLacks, check, each_of, every, violated
from ..world import Binding, Service

_META = f"{SCHEMAS}/PageMeta/properties"
_SIZE = f"{PARAMETERS}/PageSizeParameter"
_TOKEN = f"{PARAMETERS}/PageTokenParameter"

UNUSUAL = (
    ("+5", 5),
    ("05", 5),
    ("010", 10),
    ("5.0", 5),
    (" 5", 5),
    ("5 ", 5),
    ("5\n", 5),
    ("\t5", 5),
    ("1e1", 10),
    ("1_0", 10),
    ("0x10", 16),
    ("\u0661\u0660", 10),
)
"""Ways to write an integer that some libraries read, each with its value."""


@clause("PAGE-01", "must", "A page holds at most PageSize Bindings", source=PAGE, spec=_SIZE)
def test_at_most(evidence: Evidence) -> None:
    """A page holds at most PageSize Bindings."""

    def fits(walk: Walk) -> None:
        size = walk.size or DEFAULT_SIZE
        for page in walk.pages:
            check(len(page.bindings) <= size, f"at most {size} Bindings", page.summary, page)

    each_of(evidence.walks, fits)


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

    def fits(walk: Walk) -> None:
        size = walk.size or DEFAULT_SIZE
        for page in walk.pages:
            told_size = page.meta.get("page_size", MISSING)
            check(told_size == size, f"`meta.page_size`: {size}", f"`meta.page_size`: {describe(told_size)}", page)

    each_of((*evidence.walks, *evidence.filtered_walks), fits)


@clause("PAGE-04", "must", "PageSize 1 and 1000 work", source=PAGE, spec=f"{SCHEMAS}/PageSize")
def test_bounds(evidence: Evidence) -> None:
    """PageSize 1 and the maximum, 1000, work."""

    def fits(service: Service) -> None:
        for size in (1, LARGEST_SIZE):
            answer = evidence.listed(service, ("PageSize", str(size)))
            expected = min(size, len(service.bindings))
            check(len(answer.bindings) == expected, f"{expected} Bindings", answer.summary, answer)

    each_of((evidence.large, evidence.rich), fits)


@clause("PAGE-05", "must", "A walk visits every Binding once", source=PAGE, spec=f"{_META}/next_page_url")
def test_walk(evidence: Evidence) -> None:
    """Following `next_page_url` from the first page visits every Binding exactly once."""
    for walk in evidence.walks:
        _visits(walk, walk.service.bindings)


@clause("PAGE-06", "must", "Every page but the last is full", source=OURS, spec=LIST)
def test_full(evidence: Evidence) -> None:
    """Every page but the last is full."""

    def fits(walk: Walk) -> None:
        size = walk.size or DEFAULT_SIZE
        for page in walk.inner:
            check(len(page.bindings) == size, f"{size} Bindings on every page but the last", page.summary, page)

    each_of(evidence.walks, fits)


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

    def fits(walk: Walk) -> None:
        first = walk.pages[0]
        previous = first.url("previous_page_url")
        check(previous is None, "`meta.previous_page_url`: null", describe_url(previous), first)

    each_of((*evidence.walks, *evidence.filtered_walks), fits)
    for walk in _few(evidence):
        url = walk.pages[1].url("previous_page_url") if len(walk.pages) > 1 else None
        if url is not None:
            back = evidence.target.follow(url, walk.pages[1])
            previous = back.url("previous_page_url")
            check(previous is None, "`meta.previous_page_url`: null", describe_url(previous), walk.pages[1], back)


@clause("PAGE-10", "must", "Later pages have a previous page", source=PAGE, spec=f"{_META}/previous_page_url")
def test_previous(evidence: Evidence) -> None:
    """`previous_page_url` is not null on every page after the first."""

    def fits(walk: Walk) -> None:
        for page in walk.pages[1:]:
            check(page.url("previous_page_url") is not None, "`meta.previous_page_url`, a URL", "null", page)

    each_of((*evidence.walks, *evidence.filtered_walks), fits)


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
            violated("`meta.previous_page_url`, a URL", "null", page)
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

    def fits(walk: Walk) -> None:
        identities = [value for name, value in walk.query if name == "Identity"]
        types = [value for name, value in walk.query if name == "BindingType"]
        wanted = {binding.sid for binding in walk.service.matching(identities, types)}
        for page, led in _led(evidence, walk):
            strange = [sid for sid in led.sids if sid not in wanted]
            check(not strange, "only Bindings that the filters ask for", f"{len(strange)} others too", page, led)

    each_of(evidence.filtered_walks[1:], fits)


@clause("PAGE-15", "must", "Page URLs keep the page size", source=PAGE, spec=f"{_META}/next_page_url")
def test_keep_size(evidence: Evidence) -> None:
    """All four page URLs lead to lists with the same page size."""

    def fits(walk: Walk) -> None:
        for page, led in _led(evidence, walk):
            size = led.meta.get("page_size", MISSING)
            check(
                size == walk.size and len(led.bindings) <= (walk.size or 0),
                f"a page of PageSize {walk.size}",
                f"{led.summary}, `meta.page_size`: {describe(size)}",
                page,
                led,
            )

    each_of((evidence.walk(evidence.large, evidence.paged), evidence.filtered_walks[-1]), fits)


@clause("PAGE-16", "should", "meta.page is the Page that was sent", source=OURS, spec=f"{_META}/page")
def test_echo(evidence: Evidence) -> None:
    """`meta.page` is the Page that was sent, and 0 without one."""

    def fits(sent: str | None) -> None:
        value = int(sent or 0)
        answer = evidence.listed(evidence.large, *([("Page", sent)] if sent else []), ("PageSize", "5"))
        page = answer.meta.get("page", MISSING)
        check(page == value and is_integer(page), f"`meta.page`: {value}", f"`meta.page`: {describe(page)}", answer)

    every((f"Page={sent}" if sent else "without Page", partial(fits, sent)) for sent in (None, "0", "3", "77"))


@clause(
    "PAGE-17",
    "should",
    "Page counts up in next_page_url, and down in previous_page_url",
    source=OURS,
    spec=f"{_META}/next_page_url",
)
def test_count(evidence: Evidence) -> None:
    """`next_page_url` carries Page + 1, `previous_page_url` Page - 1, but never below 0."""
    walk = evidence.walk(evidence.large, evidence.paged)
    for number, page in enumerate(walk.pages[:4]):
        _carries(page, "next_page_url", number + 1)
        if number:
            _carries(page, "previous_page_url", number - 1)
    if len(walk.pages) > 1:
        token = _token(walk.pages[0])
        for number, next_number in ((0, 1), (9, 10)):
            query = [evidence.paged, ("PageToken", token), ("Page", str(number))]
            page = evidence.target.list(evidence.large, query)
            _carries(page, "next_page_url", next_number)
            _carries(page, "previous_page_url", max(number - 1, 0))


@clause("PAGE-18", "must", "Page selects nothing", source=PAGE, spec=f"{PARAMETERS}/PageParameter")
def test_page(evidence: Evidence) -> None:
    """Page is the client's state and selects nothing: only PageToken positions a page."""
    without = evidence.listed(evidence.large, ("PageSize", "5"))

    def fits(value: str) -> None:
        answer = evidence.listed(evidence.large, ("PageSize", "5"), ("Page", value))
        check(answer.sids == without.sids, "the same Bindings as without Page", f"{answer.summary}, others", answer)

    each_of(("0", "1", "2", "7", "1000"), fits)


@clause("PAGE-19", "must", "A PageToken works with the client's own parameters", source=SDKS, spec=_TOKEN)
def test_token(evidence: Evidence) -> None:
    """The PageToken of `next_page_url`, sent with the client's own other parameters in any order, gives the next page:
    users of the SDK for Go do that.
    """
    walks = [walk for walk in (evidence.walk(evidence.large, evidence.paged), *evidence.filtered_walks) if walk.inner]
    if not walks:
        raise WorldLacks("service with two Bindings")

    def fits(walk: Walk) -> None:
        token = ("PageToken", _token(walk.pages[0]))
        for query in ((*walk.query, token), (token, *reversed(walk.query)), (token, *walk.query, ("Page", "1"))):
            answer = evidence.target.list(walk.service, query)
            check(answer.sids == walk.pages[1].sids, "the second page", f"{answer.summary}, another page", answer)

    each_of(walks[:3], fits)


@clause("PAGE-20", "should", "A PageToken that was not given is 400", source=OURS, spec=_TOKEN)
def test_bogus_token(evidence: Evidence) -> None:
    """A PageToken that the server did not give is 400, code 20001."""
    tokens = ["bogus", "null", "PA", "PT" + "0" * 32, "e30", "W10=", "\u00e9", "' OR 1=1 --", "%"]
    own = evidence.listed(evidence.large, evidence.paged)
    if own.url("next_page_url") is None or not _token(own).lstrip("-").isdecimal():
        tokens += ["0", "1", "-1"]  # where tokens are numbers, these may be such
    evidence.each(_refused, [("PageToken", token) for token in tokens], evidence)


@clause("PAGE-21", "must", "A PageToken shows no other service's Bindings", source=OURS, spec=_TOKEN)
def test_token_of_another_service(evidence: Evidence) -> None:
    """A PageToken never shows another service's Bindings: it is 400, or gives a page of the service that is asked."""
    one, other = evidence.world.two_services()

    def fits(case: tuple[Service, Service, str]) -> None:
        owner, asked, size = case
        first = evidence.listed(owner, ("PageSize", size))
        if first.url("next_page_url") is None:
            return
        answer = evidence.target.list(asked, [("PageSize", size), ("PageToken", _token(first))])
        if answer.has_status(200, 400).status == 200:
            _only(answer, asked.bindings, "only Bindings of the service that is asked")

    each_of([(*pair, size) for pair in ((one, other), (other, one)) for size in ("3", "50")], fits)


@clause("PAGE-22", "must", "A PageToken keeps to the filters that are asked for", source=OURS, spec=_TOKEN)
def test_token_with_other_filters(evidence: Evidence) -> None:
    """A PageToken with other filters is 400, or gives a page of what these filters ask for."""
    large = evidence.large
    user = large.bindings[-1].identity
    if len(large.bindings) < 2:
        raise WorldLacks("service with two Bindings")
    plain = _token(evidence.listed(large, ("PageSize", "1" if len(large.bindings) <= 3 else "3")))
    others: list[tuple[tuple[str, str], ...]] = [(("BindingType", each),) for each in TYPES]
    others += [(("Identity", user),), (("Identity", user), ("BindingType", TYPES[0]))]

    def fits(query: tuple[tuple[str, str], ...]) -> None:
        answer = evidence.target.list(large, [("PageSize", "3"), *query, ("PageToken", plain)])
        identities = [value for name, value in query if name == "Identity"]
        types = [value for name, value in query if name == "BindingType"]
        if answer.has_status(200, 400).status == 200:
            _only(answer, large.matching(identities, types), "only what the filters ask for")

    every((" and ".join(name for name, _ in query), partial(fits, query)) for query in others)
    filtered = evidence.listed(large, ("PageSize", "1"), ("BindingType", large.bindings[0].binding_type))
    if filtered.url("next_page_url") is not None:
        answer = evidence.target.list(large, [("PageSize", "3"), ("PageToken", _token(filtered))])
        if answer.has_status(200, 400).status == 200:
            _only(answer, large.bindings, "only Bindings of the service")


@clause("PAGE-23", "should", "A PageSize over 1000 is 400", source=OURS, spec=f"{SCHEMAS}/PageSize/maximum")
def test_too_large(evidence: Evidence) -> None:
    """A PageSize over 1000 is 400, however large."""
    evidence.each(lambda size: evidence.listed(evidence.large, ("PageSize", size)).has_status(400), _too_large())


@clause("PAGE-24", "should", "The code of a PageSize over 1000 is 20007", source=OURS, spec=f"{_SIZE}/x-errors")
def test_code_of_too_large(evidence: Evidence) -> None:
    """The code of a PageSize over the maximum is 20007."""
    evidence.each(
        lambda size: evidence.listed(evidence.large, ("PageSize", size)).has_code(SIZE_TOO_LARGE), _too_large()
    )


@clause(
    "PAGE-25",
    "should",
    "A PageSize that is no positive integer is 400",
    rule="An integer",
    source=OURS,
    spec=f"{SCHEMAS}/PageSize",
)
def test_bad_size(evidence: Evidence) -> None:
    """A PageSize that is 0, negative or no integer SHOULD be 400, code 20001; an unusual way to write an integer MAY be
    read, and then is in force.
    """
    sizes = ("0", "-1", "-1000", "abc", "10abc", "abc10", "1.5", "5\nabc", "abc\n5", "5,7", "0.5", "5e-1", "", "true")
    evidence.each(_refused, [("PageSize", size) for size in sizes], evidence)
    evidence.each(_refused_or_honoured, [("PageSize", *written) for written in UNUSUAL], evidence)


@clause("PAGE-26", "should", "A Page that is no integer is 400", rule="An integer", source=OURS, spec=f"{SCHEMAS}/Page")
def test_bad_page(evidence: Evidence) -> None:
    """A Page that is negative or no integer SHOULD be 400, code 20001; an unusual way to write an integer MAY be read,
    and then is echoed.
    """
    pages = ("-1", "abc", "1.5", "5abc", "5\nabc", "abc\n5", "5,7", "", "true")
    evidence.each(_refused, [("Page", page) for page in pages], evidence)
    evidence.each(_refused_or_honoured, [("Page", *written) for written in UNUSUAL], evidence)


@clause(
    "PAGE-27",
    "must",
    "A PageSize that is sent twice is not refused",
    rule="A PageSize that is sent twice",
    source=SDKS,
    spec=_SIZE,
)
def test_twice(evidence: Evidence) -> None:
    """A PageSize that is sent twice MUST NOT be refused, since the SDK for Java does that; one of the two counts."""
    most = len(evidence.large.bindings)
    for one, other in ((7, 5), (3, 3), (1, 2)):
        answer = evidence.listed(evidence.large, ("PageSize", str(one)), ("PageSize", str(other)))
        expected = {min(one, most), min(other, most)}
        words = f"{' or '.join(map(str, sorted(expected)))} Bindings"
        check(len(answer.bindings) in expected, words, answer.summary, answer)


def _refused(evidence: Evidence, parameter: tuple[str, str]) -> None:
    evidence.listed(evidence.large, parameter).has_status(400).has_code(BAD_PARAMETER)


def _refused_or_honoured(evidence: Evidence, parameter: tuple[str, str, int]) -> None:
    name, text, value = parameter
    answer = evidence.listed(evidence.large, (name, text))
    if answer.has_status(200, 400).status == 400:
        answer.has_code(BAD_PARAMETER)
        return
    property_name = "page_size" if name == "PageSize" else "page"
    found = answer.meta.get(property_name, MISSING)
    expected = f"status 400, or `meta.{property_name}`: {value}"
    check(found == value and is_integer(found), expected, f"`meta.{property_name}`: {describe(found)}", answer)
    if name == "PageSize":
        expected_count = min(value, len(evidence.large.bindings))
        check(len(answer.bindings) == expected_count, f"{expected_count} Bindings", answer.summary, answer)


def _too_large() -> Sequence[str]:
    return (str(LARGEST_SIZE + 1), str(LARGEST_SIZE * 5), str(2**31), str(2**63), "9" * 40)


def _few(evidence: Evidence) -> Sequence[Walk]:
    return (evidence.walks[0], evidence.walks[2], evidence.filtered_walks[-1])


def _visits(walk: Walk, wanted: Sequence[Binding]) -> None:
    sids = walk.sids
    missing, twice = {each.sid for each in wanted} - set(sids), len(sids) - len(set(sids))
    strange = set(sids) - {each.sid for each in wanted}
    check(
        not missing and not twice and not strange,
        f"{len(wanted)} Bindings, each once",
        f"{len(missing)} missing, {twice} more than once, {len(strange)} others",
        *walk.pages[:2],
    )


def _leads(evidence: Evidence, page: Answer, name: str, wanted: Answer, what: str) -> None:
    url = page.url(name)
    if url is None:
        violated(f"`meta.{name}`, a URL", "null", page)
    led = evidence.target.follow(url, page)
    check(
        led.status == 200 and led.sids == wanted.sids,
        f"`meta.{name}` leads to {what}",
        f"{led.summary}, another page",
        page,
        led,
    )


def _led(evidence: Evidence, walk: Walk) -> Sequence[tuple[Answer, Answer]]:
    """Give what the page URLs of a walk's second page, or of its only one, lead to."""
    page = walk.pages[min(1, len(walk.pages) - 1)]
    urls = [page.url(name) for name in ("first_page_url", "url", "next_page_url", "previous_page_url")]
    calls = [partial(evidence.target.follow, url, page) for url in urls if url is not None]
    return [(page, led) for led in evidence.target.together(calls)]


def _carries(page: Answer, name: str, number: int) -> None:
    url = page.url(name)
    if url is not None:
        found = parse_qs(urlsplit(url).query).get("Page", ["no Page"])
        check(found == [str(number)], f"`meta.{name}` with Page={number}", describe_url(url), page)


def _token(page: Answer) -> str:
    url = page.url("next_page_url")
    if url is None:
        violated("`meta.next_page_url`, a URL", "null", page)
    found = parse_qs(urlsplit(url).query).get("PageToken")
    if not found:
        violated("`meta.next_page_url` with a PageToken", describe_url(url), page)
    return found[-1]


def _only(answer: Answer, wanted: Sequence[Binding], expected: str) -> None:
    sids = {each.sid for each in wanted}
    strange = [sid for sid in answer.sids if sid not in sids]
    check(not strange, expected, f"{len(strange)} others", answer)
