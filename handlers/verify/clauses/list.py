"""LIST: what a list shows."""

from functools import partial
from itertools import product
from operator import itemgetter
from typing import Any

from ..clause import OURS, PAGE, SDKS, clause
from ..evidence import Evidence, Walk, pages_of
from ..facts import ABSOLUTE_URL, BAD_PARAMETER, LIST, META, MISLEADING_IN_LISTS, SCHEMAS, URLS
from ..response import MISSING, Answer, describe, describe_url, is_integer
from ..variants import VARIANTS, Variant, has_no_neighbours, in_any_order, malformed
from ..violation import check, each_of, every, some
from ..world import Service

_META = f"{SCHEMAS}/PageMeta"


@clause("LIST-01", "must", "A list is 200 with meta and bindings", source=PAGE, spec=f"{LIST}/responses/200")
def test_list(evidence: Evidence) -> None:
    """A list gives 200 and an object with `meta` and `bindings`."""

    def fits(service: Service) -> None:
        answer = evidence.listed(service)
        check(answer.meta is not None and answer.bindings, "`meta` and `bindings`", answer.summary, answer)

    each_of((evidence.rich, evidence.large), fits)


@clause("LIST-02", "must", "meta has all seven properties", source=SDKS, spec=f"{_META}/required")
def test_meta(evidence: Evidence) -> None:
    """`meta` has all of its seven properties; a page URL that leads nowhere is an explicit null."""

    def fits(page: Answer) -> None:
        missing = [name for name in META if name not in page.meta]
        check(not missing, f"`meta` with {', '.join(META)}", f"without {', '.join(missing)}", page)

    each_of(pages_of(evidence.walks), fits)


@clause("LIST-03", "must", 'meta.key is "bindings"', source=SDKS, spec=f"{_META}/properties/key")
def test_key(evidence: Evidence) -> None:
    """`meta.key` is "bindings", the name under which SDKs find the items."""

    def fits(page: Answer) -> None:
        key = page.meta.get("key", MISSING)
        check(key == "bindings", '`meta.key`: "bindings"', f"`meta.key`: {describe(key)}", page)

    each_of(pages_of(evidence.walks), fits)


@clause("LIST-04", "must", "meta.page and meta.page_size are integers", source=PAGE, spec=f"{_META}/properties/page")
def test_integers(evidence: Evidence) -> None:
    """`meta.page` and `meta.page_size` are integers."""

    def fits(case: tuple[Answer, str]) -> None:
        page, name = case
        value = page.meta.get(name, MISSING)
        check(is_integer(value), f"`meta.{name}`, an integer", f"`meta.{name}`: {describe(value)}", page)

    each_of(product(pages_of(evidence.walks), ("page", "page_size")), fits)


@clause("LIST-05", "must", "Page URLs are absolute and in ASCII", source=SDKS, spec=f"{_META}/properties/url")
def test_urls(evidence: Evidence) -> None:
    """The page URLs are absolute, of http or https, and in ASCII; those of the page itself and the first are there."""
    walks = [*evidence.walks, evidence.walk(evidence.rich, ("Identity", "\u00e9"), ("Identity", "a b"))]

    def fits(case: tuple[Answer, str]) -> None:
        page, name = case
        url = page.url(name)
        may_be_null = name in ("next_page_url", "previous_page_url")
        is_fit = (url is None and may_be_null) or (url is not None and ABSOLUTE_URL.fullmatch(url))
        check(is_fit, f"`meta.{name}`, an absolute URL in ASCII", describe_url(url), page)

    each_of(product(pages_of(walks), URLS), fits)


@clause("LIST-06", "must", "A list has no property that misleads the SDKs", source=SDKS, spec=f"{SCHEMAS}/BindingList")
def test_misleading(evidence: Evidence) -> None:
    """Neither `meta` nor what stands beside it has `uri`, `Resources`, `pageSize`, `type` or `title`: SDKs would
    take the list for one of another kind.
    """

    def fits(page: Answer) -> None:
        found = [name for name in MISLEADING_IN_LISTS if name in page.meta or name in page.object]
        check(not found, f"none of {', '.join(MISLEADING_IN_LISTS)}", f"also {', '.join(found)}", page)

    each_of(pages_of(evidence.walks), fits)


@clause("LIST-07", "must", "A list shows every Binding", source=PAGE, spec=LIST)
def test_every(evidence: Evidence) -> None:
    """A list shows every Binding of the service."""

    def fits(walk: Walk) -> None:
        missing = walk.service.sids - set(walk.sids)
        check(
            not missing,
            f"all {len(walk.service.bindings)} Bindings of {walk.service.sid}",
            f"{len(missing)} of them missing: {some(list(missing))}",
            *walk.pages[:1],
        )

    each_of(evidence.walks, fits)


@clause("LIST-08", "must", "A list shows no Binding twice", source=PAGE, spec=LIST)
def test_none_twice(evidence: Evidence) -> None:
    """A list shows no Binding twice."""

    def fits(walk: Walk) -> None:
        count = len(walk.sids) - len(set(walk.sids))
        check(not count, f"each Binding of {walk.service.sid} once", f"{count} more than once", *walk.pages[:1])

    each_of(evidence.walks, fits)


@clause("LIST-09", "must", "A list shows only Bindings of its service", source=PAGE, spec=LIST)
def test_only_its_own(evidence: Evidence) -> None:
    """A list shows only Bindings of its service, and none that do not exist."""

    def fits(walk: Walk) -> None:
        for page in walk.pages:
            strange = [str(sid) for sid in page.sids if sid not in walk.service.sids]
            check(not strange, f"only Bindings of {walk.service.sid}", f"also {some(strange)}", page)

    each_of(evidence.walks, fits)


@clause(
    "LIST-10",
    "must",
    "The items of a list are whole Bindings",
    source=PAGE,
    spec=f"{SCHEMAS}/BindingList/properties/bindings",
)
def test_items(evidence: Evidence) -> None:
    """Each item of a list is the whole Binding, as fetching it gives it."""
    fetched = {each.sid: answer for each, answer in evidence.found}

    def fits(case: tuple[Answer, Answer, dict[str, Any]]) -> None:
        alone, page, item = case
        names = [name for name in {*item, *alone.object} if not _agree(name, item, alone.object)]
        expected = "an item that is the Binding as it is fetched"
        check(not names, expected, f"{item['sid']} differs in {', '.join(sorted(names))}", page, alone)

    items = [(item, page) for page in pages_of(evidence.walks) for item in page.bindings]
    known = ((fetched.get(str(item.get("sid"))), page, item) for item, page in items)
    each_of(((alone, page, item) for alone, page, item in known if alone is not None), fits)


@clause("LIST-11", "must", "The list of an empty service is empty", source=PAGE, spec=LIST)
def test_empty(evidence: Evidence) -> None:
    """A service without Bindings gives 200 and an empty list, with no next and no previous page."""
    service, credentials = evidence.world.empty
    answer = evidence.listed(service, credentials=credentials)
    check(answer.bindings == [], "an empty list", answer.summary, answer)
    has_no_neighbours(answer)


@clause(
    "LIST-12", "must", "The list of a service that does not exist is 404", source=PAGE, spec=f"{LIST}/responses/404"
)
def test_absent_service(evidence: Evidence) -> None:
    """The list of a service that does not exist is 404."""
    queries = {"no parameter": (), "an Identity": (("Identity", "a"),)}

    def is_absent(query: tuple[tuple[str, str], ...]) -> None:
        evidence.listed(evidence.absent("IS"), *query).has_status(404)

    every((name, partial(is_absent, query)) for name, query in queries.items())


@clause("LIST-13", "must", "The list of a malformed service SID is 404", source=OURS, spec=f"{LIST}/responses/404")
def test_malformed_service(evidence: Evidence) -> None:
    """The list of a service whose SID is malformed is 404."""
    evidence.each(lambda sid: evidence.listed(sid).has_status(404), malformed(evidence.large.sid))


@clause(
    "LIST-14",
    "should",
    "A list refuses unknown query parameters",
    rule="A parameter that an operation does not have",
    source=OURS,
    spec=f"{LIST}/responses/400",
)
def test_unknown_parameters(evidence: Evidence) -> None:
    """A query parameter that a list does not have SHOULD be 400, code 20001: a misspelt filter shows everything."""

    def refused(name: str) -> None:
        evidence.listed(evidence.rich, (name, "1")).has_status(400).has_code(BAD_PARAMETER)

    evidence.each(refused, ("identity", "Pagesize", "binding_type", "Unknown", "Order", "Identity[]"))


@clause("LIST-15", "must", "Headers and bodies do not change a list", rule="Bodies and headers", source=SDKS, spec=LIST)
def test_headers(evidence: Evidence) -> None:
    """A body, any Content-Type, Accept or Accept-Encoding MUST NOT change a list: SDKs send them."""
    query = [("PageSize", "5")]
    first = evidence.target.list(evidence.rich, query)
    _ = first.bindings

    def same(variant: Variant) -> None:
        words, headers, body = variant
        again = evidence.target.list(evidence.rich, query, headers=headers, body=body)
        again.has_status(200)
        check(again.sids == first.sids, f"with {words}, the same Bindings as without", again.summary, again)
        is_same = again.media_type == first.media_type
        is_same = is_same and list(map(in_any_order, again.bindings)) == list(map(in_any_order, first.bindings))
        check(is_same, f"with {words}, the same list as without", f"{again.summary}, different", again)

    evidence.each(same, VARIANTS, name=itemgetter(0))


def _agree(name: str, item: dict[str, object], alone: dict[str, object]) -> bool:
    one, other = item.get(name, MISSING), alone.get(name, MISSING)
    if isinstance(one, list) and isinstance(other, list):
        return sorted(map(str, one)) == sorted(map(str, other))
    return bool(one == other)
