"""FILTER: lists with filters."""

from itertools import combinations

from ..clause import OURS, PAGE, SDKS, clause
from ..evidence import Evidence, same_bindings
from ..facts import BAD_PARAMETER, LARGEST_SIZE, MOST_VALUES, PARAMETERS, SCHEMAS, TYPES
from ..response import told_url
from ..target import encoded
from ..violation import check
from ..world import Service

_TYPE = f"{PARAMETERS}/BindingTypeParameter"
_IDENTITY = f"{PARAMETERS}/IdentityParameter"
Query = tuple[tuple[str, str], ...]

_ALL = ("PageSize", str(LARGEST_SIZE))


@clause("FILTER-01", "must", "BindingType filters by type", source=PAGE, spec=_TYPE)
def test_type(evidence: Evidence) -> None:
    """BindingType gives just the Bindings of that type."""
    for service in (evidence.rich, evidence.large):
        for each in TYPES:
            _shows(evidence, service, types=[each])


@clause("FILTER-02", "must", "BindingTypes are alternatives", source=PAGE, spec=_TYPE)
def test_types(evidence: Evidence) -> None:
    """BindingType repeated gives the Bindings of any of the types."""
    for types in (*combinations(TYPES, 2), TYPES):
        _shows(evidence, evidence.rich, types=list(types))


@clause("FILTER-03", "must", "Identity filters by user", source=PAGE, spec=_IDENTITY)
def test_identity(evidence: Evidence) -> None:
    """Identity gives just the Bindings of that user, all of them."""
    for service in (evidence.rich, evidence.large):
        evidence.finds(service, _users(service)[:8])


@clause("FILTER-04", "must", "Identities are alternatives", source=PAGE, spec=_IDENTITY)
def test_identities(evidence: Evidence) -> None:
    """Identity repeated gives the Bindings of any of the users."""
    for service in (evidence.rich, evidence.large):
        users = _users(service)
        for chosen in (users[:2], users[1:4], [users[-1], users[0]]):
            _shows(evidence, service, identities=chosen)


@clause("FILTER-05", "must", "The filters narrow each other", source=PAGE, spec=_IDENTITY)
def test_both(evidence: Evidence) -> None:
    """The two filters narrow each other: Bindings have to match both."""
    for service in (evidence.rich, evidence.large):
        for user in _users(service)[:3]:
            for each in TYPES:
                _shows(evidence, service, identities=[user], types=[each])
        _shows(evidence, service, identities=_users(service)[:3], types=TYPES[:2])


@clause("FILTER-06", "must", "A filter that nothing matches gives an empty list", source=PAGE, spec=_IDENTITY)
def test_nothing(evidence: Evidence) -> None:
    """A filter that nothing matches gives 200 and an empty list without further pages."""
    for identity in ("nobody has this name", "nobody\u00e9", "x" * 200):
        answer = evidence.by_identity(evidence.rich, identity)
        same_bindings(answer, evidence.rich.matching([identity]))
        for name in ("next_page_url", "previous_page_url"):
            check(answer.url(name) is None, f"`meta.{name}`: null", told_url(answer.url(name)), answer)
    for each in TYPES:
        _shows(evidence, evidence.world.rich, identities=["nobody has this name"], types=[each])


@clause("FILTER-07", "must", "A value that is sent twice gives each Binding once", source=PAGE, spec=_IDENTITY)
def test_same_twice(evidence: Evidence) -> None:
    """A value that is sent twice gives each Binding once."""
    user = _users(evidence.large)[0]
    _shows(evidence, evidence.large, identities=[user, user])
    _shows(evidence, evidence.large, types=[TYPES[0], TYPES[0]])
    _shows(evidence, evidence.large, identities=[user, user], types=[*TYPES, *TYPES])


@clause("FILTER-08", "must", "The order of parameters does not matter", source=SDKS, spec=_IDENTITY)
def test_order(evidence: Evidence) -> None:
    """The order of the parameters does not matter, nor whether those of one name stand together."""
    one, other = _users(evidence.large)[:2]
    expected = evidence.large.matching([one, other], TYPES[:2])
    parameters = [("Identity", one), ("BindingType", TYPES[0]), ("Identity", other), ("BindingType", TYPES[1]), _ALL]
    for start in range(len(parameters)):
        query = parameters[start:] + parameters[:start]
        same_bindings(evidence.listed(evidence.large, *query), expected)
        same_bindings(evidence.listed(evidence.large, *reversed(query)), expected)


@clause("FILTER-09", "must", "A filter takes ten values", source=PAGE, spec=_IDENTITY)
def test_ten(evidence: Evidence) -> None:
    """A filter takes ten values."""
    _shows(evidence, evidence.large, identities=_users(evidence.large)[:MOST_VALUES])
    _shows(evidence, evidence.rich, identities=_users(evidence.rich)[-MOST_VALUES:])


@clause(
    "FILTER-10",
    "must",
    "A walk through a filtered list visits each match once",
    source=PAGE,
    spec=f"{SCHEMAS}/PageMeta",
)
def test_walks(evidence: Evidence) -> None:
    """A walk through a filtered list visits every Binding that matches exactly once, with full pages."""
    for walk in evidence.filtered_walks:
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
        for page in walk.inner:
            check(
                len(page.bindings) == walk.size, f"{walk.size} Bindings on all pages but the last", page.summary, page
            )


@clause("FILTER-11", "should", "An unknown BindingType is 400", source=OURS, spec=f"{SCHEMAS}/BindingType/enum")
def test_unknown_type(evidence: Evidence) -> None:
    """A BindingType that is not apn, gcm or fcm is 400, code 20001."""
    queries: list[Query] = [(("BindingType", value),) for value in ("sms", "apns", "0", "null", "all", "*")]
    evidence.each(_refused, [*queries, (("BindingType", TYPES[0]), ("BindingType", "sms"))], evidence, name=encoded)


@clause("FILTER-12", "should", "BindingType is exact in case", source=OURS, spec=f"{SCHEMAS}/BindingType/enum")
def test_type_in_capitals(evidence: Evidence) -> None:
    """BindingType is exact in case: APN is 400."""
    queries = [(("BindingType", value),) for value in (TYPES[0].upper(), TYPES[-1].capitalize())]
    evidence.each(_refused, queries, evidence, name=encoded)


@clause("FILTER-13", "should", "A comma does not separate BindingTypes", source=OURS, spec=_TYPE)
def test_types_with_comma(evidence: Evidence) -> None:
    """A comma does not separate BindingTypes: `apn,gcm` is 400."""
    queries = [(("BindingType", value),) for value in (",".join(TYPES[:2]), f"{TYPES[0]},", ",".join(TYPES))]
    evidence.each(_refused, queries, evidence, name=encoded)


@clause("FILTER-14", "must", "Filters stay in their service", source=PAGE, spec=_IDENTITY)
def test_other_service(evidence: Evidence) -> None:
    """A filter in one service never shows another service's Bindings, not those of the same user either."""
    one, other = evidence.world.two_services()
    for asked, named in ((one, other), (other, one)):
        evidence.finds(asked, _users(named)[:4])
        _shows(evidence, asked, identities=_users(named)[:3], types=TYPES)


def _refused(evidence: Evidence, query: Query) -> None:
    evidence.listed(evidence.rich, *query).has_status(400).has_code(BAD_PARAMETER)


def _users(service: Service) -> list[str]:
    """The users of a service, those with the most Bindings first."""
    return [identity for identity, _ in service.identities.most_common()]


def _shows(evidence: Evidence, service: Service, identities: list[str] | None = None, types: object = None) -> None:
    wanted, kinds = identities or [], list(types) if isinstance(types, (list, tuple)) else []
    query = [("Identity", each) for each in wanted] + [("BindingType", each) for each in kinds]
    same_bindings(evidence.listed(service, *query, _ALL), service.matching(wanted, kinds))
