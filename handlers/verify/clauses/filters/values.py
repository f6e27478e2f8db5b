"""FILTER: lists with filters."""

from collections.abc import Sequence
from functools import partial
from itertools import combinations

from ...clause import OURS, PAGE, SDKS, clause
from ...evidence import Evidence, Walk, same_bindings
from ...facts import BAD_PARAMETER, LARGEST_SIZE, MOST_VALUES, PARAMETERS, SCHEMAS, TYPES
from ...response import Answer
from ...target import encode_query
from ...variants import has_no_neighbours
from ...violation import case_name, check, each_of
from ...world import Service

_TYPE = f"{PARAMETERS}/BindingTypeParameter"
_IDENTITY = f"{PARAMETERS}/IdentityParameter"
Query = tuple[tuple[str, str], ...]
Filters = tuple[Service, list[str], list[str]]
"""A service, and the identities and types that its list is filtered by."""

_ALL = ("PageSize", str(LARGEST_SIZE))


@clause("FILTER-01", "must", "BindingType filters by type", source=PAGE, spec=_TYPE)
def test_type(evidence: Evidence) -> None:
    """BindingType gives just the Bindings of that type."""
    _show(evidence, [(service, [], [each]) for service in _services(evidence) for each in TYPES])


@clause("FILTER-02", "must", "BindingTypes are alternatives", source=PAGE, spec=_TYPE)
def test_types(evidence: Evidence) -> None:
    """BindingType repeated gives the Bindings of any of the types."""
    combined = (*combinations(TYPES, 2), TYPES)
    _show(evidence, [(service, [], list(types)) for service in _services(evidence)[:2] for types in combined])


@clause("FILTER-03", "must", "Identity filters by user", source=PAGE, spec=_IDENTITY)
def test_identity(evidence: Evidence) -> None:
    """Identity gives just the Bindings of that user, all of them."""
    evidence.finds((service, user) for service in _services(evidence) for user in _users(service)[:8])


@clause("FILTER-04", "must", "Identities are alternatives", source=PAGE, spec=_IDENTITY)
def test_identities(evidence: Evidence) -> None:
    """Identity repeated gives the Bindings of any of the users."""
    cases: list[Filters] = []
    for service in _services(evidence):
        users = _users(service)
        cases += [(service, chosen, []) for chosen in (users[:2], users[1:4], [users[-1], users[0]]) if chosen]
    _show(evidence, cases)


@clause("FILTER-05", "must", "The filters narrow each other", source=PAGE, spec=_IDENTITY)
def test_both(evidence: Evidence) -> None:
    """The two filters narrow each other: Bindings have to match both."""
    cases: list[Filters] = []
    for service in _services(evidence):
        cases += [(service, [user], [each]) for user in _users(service)[:3] for each in TYPES]
        cases.append((service, _users(service)[:3], TYPES[:2]))
    _show(evidence, cases)


@clause("FILTER-06", "must", "A filter that nothing matches gives an empty list", source=PAGE, spec=_IDENTITY)
def test_nothing(evidence: Evidence) -> None:
    """A filter that nothing matches gives 200 and an empty list without further pages."""
    nobody = "nobody has this name"
    queries: list[Query] = [(("Identity", each),) for each in (nobody, "nobody\u00e9", "x" * 200)]
    queries += [(("Identity", nobody), ("BindingType", each), _ALL) for each in TYPES]

    def finds_nothing(query: Query) -> None:
        answer = evidence.listed(evidence.rich, *query)
        types = [value for name, value in query if name == "BindingType"]
        same_bindings(answer, evidence.rich.matching([query[0][1]], types))
        has_no_neighbours(answer)

    evidence.each(finds_nothing, queries, name=lambda query: case_name(encode_query(query)))


@clause("FILTER-07", "must", "A value that is sent twice gives each Binding once", source=PAGE, spec=_IDENTITY)
def test_same_twice(evidence: Evidence) -> None:
    """A value that is sent twice gives each Binding once."""
    large, user = evidence.large, _users(evidence.large)[0]
    twice = [TYPES[0], TYPES[0]]
    _show(evidence, [(large, [user, user], []), (large, [], twice), (large, [user, user], [*TYPES, *TYPES])])


@clause("FILTER-08", "must", "The order of parameters does not matter", source=SDKS, spec=_IDENTITY)
def test_order(evidence: Evidence) -> None:
    """The order of the parameters does not matter, nor whether those of one name stand together."""
    users = _users(evidence.large)
    one, other = users[0], users[1 % len(users)]
    expected = evidence.large.matching([one, other], TYPES[:2])
    parameters = [("Identity", one), ("BindingType", TYPES[0]), ("Identity", other), ("BindingType", TYPES[1]), _ALL]
    turned = [parameters[start:] + parameters[:start] for start in range(len(parameters))]
    queries = [query for each in turned for query in (each, each[::-1])]
    answers = evidence.target.together([partial(evidence.listed, evidence.large, *query) for query in queries])
    each_of(answers, partial(same_bindings, expected=expected))


@clause("FILTER-09", "must", "A filter takes ten values", source=PAGE, spec=_IDENTITY)
def test_ten(evidence: Evidence) -> None:
    """A filter takes ten values."""
    large, rich = evidence.large, evidence.rich
    _show(evidence, [(large, _users(large)[:MOST_VALUES], []), (rich, _users(rich)[-MOST_VALUES:], [])])


@clause(
    "FILTER-10",
    "must",
    "A walk through a filtered list visits each match once",
    source=PAGE,
    spec=f"{SCHEMAS}/PageMeta",
)
def test_walks(evidence: Evidence) -> None:
    """A walk through a filtered list visits every Binding that matches exactly once, with full pages."""

    def fits(walk: Walk) -> None:
        identities = [value for name, value in walk.query if name == "Identity"]
        types = [value for name, value in walk.query if name == "BindingType"]
        wanted = {binding.sid for binding in walk.service.matching(identities, types)}
        sids = walk.sids
        check(
            set(sids) == wanted and len(sids) == len(wanted),
            f"{len(wanted)} Bindings, each once",
            f"{len(wanted - set(sids))} missing, {len(sids) - len(set(sids))} twice, {len(set(sids) - wanted)} others",
            *walk.pages[:2],
        )
        each_of(walk.inner, partial(is_full, walk.size))

    def is_full(size: int | None, page: Answer) -> None:
        check(len(page.bindings) == size, f"{size} Bindings on all pages but the last", page.summary, page)

    each_of(evidence.filtered_walks, fits)


@clause("FILTER-11", "should", "An unknown BindingType is 400", source=OURS, spec=f"{SCHEMAS}/BindingType/enum")
def test_unknown_type(evidence: Evidence) -> None:
    """A BindingType that is not apn, gcm or fcm is 400, code 20001."""
    queries: list[Query] = [(("BindingType", value),) for value in ("sms", "apns", "0", "null", "all", "*")]
    evidence.each(
        _is_refused, [*queries, (("BindingType", TYPES[0]), ("BindingType", "sms"))], evidence, name=encode_query
    )


@clause("FILTER-12", "should", "BindingType is exact in case", source=OURS, spec=f"{SCHEMAS}/BindingType/enum")
def test_type_in_capitals(evidence: Evidence) -> None:
    """BindingType is exact in case: APN is 400."""
    queries = [(("BindingType", value),) for value in (TYPES[0].upper(), TYPES[-1].capitalize())]
    evidence.each(_is_refused, queries, evidence, name=encode_query)


@clause("FILTER-13", "should", "A comma does not separate BindingTypes", source=OURS, spec=_TYPE)
def test_types_with_comma(evidence: Evidence) -> None:
    """A comma does not separate BindingTypes: `apn,gcm` is 400."""
    queries = [(("BindingType", value),) for value in (",".join(TYPES[:2]), f"{TYPES[0]},", ",".join(TYPES))]
    evidence.each(_is_refused, queries, evidence, name=encode_query)


@clause("FILTER-14", "must", "Filters stay in their service", source=PAGE, spec=_IDENTITY)
def test_other_service(evidence: Evidence) -> None:
    """A filter in one service never shows another service's Bindings, not those of the same user either."""
    one, other = evidence.world.two_services()
    both = ((one, other), (other, one))
    cases: list[Filters] = [(asked, [user], []) for asked, named in both for user in _users(named)[:4]]
    _show(evidence, [*cases, *((asked, _users(named)[:3], TYPES) for asked, named in both)])


def _is_refused(evidence: Evidence, query: Query) -> None:
    evidence.listed(evidence.rich, *query).has_status(400).has_code(BAD_PARAMETER)


def _users(service: Service) -> list[str]:
    """Give the users of a service, those with the most Bindings first."""
    return [identity for identity, _ in service.identities.most_common()]


def _services(evidence: Evidence) -> list[Service]:
    """Choose services to filter in: those with the most types and users, the rich and the large one among them."""
    varied = max(evidence.services, key=lambda each: (len(each.types), len(each.identities)))
    return list({each.sid: each for each in (varied, evidence.rich, evidence.large)}.values())


def _show(evidence: Evidence, cases: Sequence[Filters]) -> None:
    """Raise `Violation` unless lists with some filters show just what matches."""

    def listed(case: Filters) -> Answer:
        service, identities, types = case
        query = [("Identity", each) for each in identities] + [("BindingType", each) for each in types]
        return evidence.listed(service, *query, _ALL)

    def shows(case: tuple[Answer, Filters]) -> None:
        answer, (service, identities, types) = case
        same_bindings(answer, service.matching(identities, types))

    each_of(zip(evidence.target.together([partial(listed, case) for case in cases]), cases, strict=True), shows)
