"""Parameters of pages: Page, PageSize and PageToken."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from urllib.parse import parse_qs, urlsplit

from ...clause import OURS, PAGE, SDKS, clause
from ...evidence import Evidence, Walk
from ...facts import BAD_PARAMETER, LARGEST_SIZE, PARAMETERS, SCHEMAS, SIZE_TOO_LARGE, TYPES
from ...response import MISSING, Answer, describe, describe_url, is_integer
from ...violation import WorldLacks, case_name, check, each_of, every, fail
from ...world import Binding, Service

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
    pages = list(enumerate(walk.pages[:4]))
    if len(walk.pages) > 1:
        token = ("PageToken", _token(walk.pages[0]))
        pages += [
            (number, evidence.target.list(evidence.large, [evidence.paged, token, ("Page", str(number))]))
            for number in (0, 9)
        ]
    every(
        (f"{name} of page {number}", partial(_carries, page, name, max(number + step, 0)))
        for number, page in pages
        for name, step in (("next_page_url", 1), ("previous_page_url", -1))
    )


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

    def fits(walk: Walk, query: Sequence[tuple[str, str]]) -> None:
        answer = evidence.target.list(walk.service, query)
        check(answer.sids == walk.pages[1].sids, "the second page", f"{answer.summary}, another page", answer)

    def cases(walk: Walk) -> Iterator[tuple[str, Callable[[], None]]]:
        token = ("PageToken", _token(walk.pages[0]))
        queries = {
            "PageToken behind": (*walk.query, token),
            "PageToken before": (token, *reversed(walk.query)),
            "Page behind": (token, *walk.query, ("Page", "1")),
        }
        for name, query in queries.items():
            yield f"{name} the parameters of {case_name(walk)}", partial(fits, walk, query)

    every(case for walk in walks[:3] for case in cases(walk))


@clause("PAGE-20", "should", "A PageToken that was not given is 400", source=OURS, spec=_TOKEN)
def test_bogus_token(evidence: Evidence) -> None:
    """A PageToken that the server did not give is 400, code 20001."""
    tokens = ["bogus", "null", "PA", "PT" + "0" * 32, "e30", "W10=", "\u00e9", "' OR 1=1 --", "%"]
    own = evidence.listed(evidence.large, evidence.paged)
    if own.url("next_page_url") is None or not _token(own).lstrip("-").isdecimal():
        tokens += ["0", "1", "-1"]  # where tokens are numbers, these may be such
    evidence.each(_is_refused, [("PageToken", token) for token in tokens], evidence)


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

    def fits_without() -> None:
        filtered = evidence.listed(large, ("PageSize", "1"), ("BindingType", large.bindings[0].binding_type))
        if filtered.url("next_page_url") is not None:
            answer = evidence.target.list(large, [("PageSize", "3"), ("PageToken", _token(filtered))])
            if answer.has_status(200, 400).status == 200:
                _only(answer, large.bindings, "only Bindings of the service")

    cases = [(" and ".join(name for name, _ in query), partial(fits, query)) for query in others]
    every([*cases, ("no filter", fits_without)])


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
    _reads_integers(evidence, "PageSize", sizes)


@clause("PAGE-26", "should", "A Page that is no integer is 400", rule="An integer", source=OURS, spec=f"{SCHEMAS}/Page")
def test_bad_page(evidence: Evidence) -> None:
    """A Page that is negative or no integer SHOULD be 400, code 20001; an unusual way to write an integer MAY be read,
    and then is echoed.
    """
    pages = ("-1", "abc", "1.5", "5abc", "5\nabc", "abc\n5", "5,7", "", "true")
    _reads_integers(evidence, "Page", pages)


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

    def fits(sizes: tuple[int, int]) -> None:
        answer = evidence.listed(evidence.large, *(("PageSize", str(size)) for size in sizes))
        expected = {min(size, most) for size in sizes}
        words = f"{' or '.join(map(str, sorted(expected)))} Bindings"
        check(len(answer.bindings) in expected, words, answer.summary, answer)

    evidence.each(fits, ((7, 5), (3, 3), (1, 2)), name="PageSize={0[0]}&PageSize={0[1]}".format)


def _is_refused(evidence: Evidence, parameter: tuple[str, str]) -> None:
    evidence.listed(evidence.large, parameter).has_status(400).has_code(BAD_PARAMETER)


def _reads_integers(evidence: Evidence, name: str, wrong: Sequence[str]) -> None:
    """Raise `Violation` unless texts that are no integers are refused, and unusual integers are refused or honoured."""
    cases = [(text, partial(_is_refused, evidence, (name, text))) for text in wrong]
    cases += [(text, partial(_is_refused_or_honoured, evidence, (name, text), value)) for text, value in UNUSUAL]
    evidence.each(lambda case: case[1](), cases, name=lambda case: case_name((name, case[0])))


def _is_refused_or_honoured(evidence: Evidence, parameter: tuple[str, str], value: int) -> None:
    name, text = parameter
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


def _carries(page: Answer, name: str, number: int) -> None:
    url = page.url(name)
    if url is not None:
        found = parse_qs(urlsplit(url).query).get("Page", ["no Page"])
        check(found == [str(number)], f"`meta.{name}` with Page={number}", describe_url(url), page)


def _token(page: Answer) -> str:
    url = page.url("next_page_url")
    if url is None:
        fail("`meta.next_page_url`, a URL", "null", page)
    found = parse_qs(urlsplit(url).query).get("PageToken")
    if not found:
        fail("`meta.next_page_url` with a PageToken", describe_url(url), page)
    return found[-1]


def _only(answer: Answer, wanted: Sequence[Binding], expected: str) -> None:
    sids = {each.sid for each in wanted}
    strange = [sid for sid in answer.sids if sid not in sids]
    check(not strange, expected, f"{len(strange)} others", answer)
