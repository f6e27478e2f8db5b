"""FILTER, once more: filters that cannot be read, and filters of many and of long values."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from ...clause import OURS, clause
from ...evidence import Evidence, same_bindings
from ...facts import LARGEST_SIZE, MOST_VALUES, PARAMETERS, TYPES
from ...response import Answer, readable
from ...target import encode_query
from ...variants import RAW
from ...violation import WorldLacks, check, some
from ...world import Service

_TYPE = f"{PARAMETERS}/BindingTypeParameter"
_IDENTITY = f"{PARAMETERS}/IdentityParameter"
_ALL = ("PageSize", str(LARGEST_SIZE))
_COUNTS = (MOST_VALUES + 1, 16, 20, 33, 50, 64, 99, 100, 101)
_SIZES = (8_000, 16_000, 30_000, 60_000)
"""Bytes of a query; a URL of 60 KB goes below the bounds of most HTTP servers that have one of 64 KiB."""
_LONGEST = 512
_PLAIN = 30


@dataclass(frozen=True)
class Unread:
    """A query that servers read differently, and whom it can be read to name."""

    query: str
    identities: Sequence[str] = ()
    types: Sequence[str] = ()
    names_nobody: bool = False

    @property
    def name(self) -> str:
        """The query, to name the case."""
        return readable(self.query)


@clause(
    "FILTER-15",
    "must",
    "A filter that cannot be read never shows others",
    rule="A query that cannot be read",
    source=OURS,
    spec=_IDENTITY,
)
def unread(evidence: Evidence) -> None:
    """A filter that is empty, or that parsers drop, split or merge (a raw `;`, a broken escape, raw or
    percent-encoded bytes that are no UTF-8, white space or `[]` about its name, another case beside the right spelling)
    MUST be an error, match nobody, or give just whom it names.
    """
    service, one, other = _two_users(evidence)
    evidence.each(_shows_no_others, _unread(one, other), evidence, service, name=lambda case: case.name)


@clause("FILTER-16", "must", "All values of a filter count, or it is refused", source=OURS, spec=_IDENTITY)
def many_values(evidence: Evidence) -> None:
    """A filter of more than ten values is 400, or every one of them counts: none is ignored."""
    service = evidence.large
    users = [identity for identity, _ in service.identities.most_common()]
    cases: list[list[tuple[str, str]]] = []
    for count in _COUNTS:
        nobody = [("Identity", f"nobody {number}") for number in range(count - 1)]
        cases += [[*nobody, ("Identity", users[0])], [("Identity", users[-1]), *nobody]]
        cases.append([("BindingType", TYPES[0])] * (count - 1) + [("BindingType", TYPES[1])])
    cases += [[("Identity", each) for each in users[:count]] for count in (MOST_VALUES + 1, 25, 100)]

    def counts(query: list[tuple[str, str]]) -> None:
        answer = evidence.target.list(service, [*query, _ALL])
        if answer.has_status(200, 400).status == 200:
            _matches(answer, service, query)

    evidence.each(counts, cases, name=lambda query: f"{len(query)} values of {query[0][0]}")


@clause(
    "FILTER-17",
    "must",
    "Long values of a filter count, or it is refused",
    rule="A longer or refused URL",
    source=OURS,
    spec=_IDENTITY,
)
def long_values(evidence: Evidence) -> None:
    """Identities of up to 512 characters MUST count whole, in URLs of up to 60 KB, or the request is refused: no 5xx,
    and nothing is cut off.
    """

    def counts(size: int) -> None:
        query, answer = _long(evidence, size)
        check(answer.status < 500, "a status below 500", answer.summary, answer)
        if answer.status < 400:
            _matches(answer, _with_longest(evidence), query)

    evidence.each(counts, _SIZES, name=lambda size: f"a query of {size} bytes")


@clause("FILTER-18", "should", "A URL of 60 KB is served", rule="A URL of 60 KB", source=OURS, spec=_IDENTITY)
def long_urls(evidence: Evidence) -> None:
    """A URL of 60 KB, as ten identities of 512 characters make it, SHOULD be served."""

    def served(size: int) -> None:
        _long(evidence, size)[1].has_status(200)

    evidence.each(served, _SIZES, name=lambda size: f"a query of {size} bytes")


def _two_users(evidence: Evidence) -> tuple[Service, str, str]:
    """Find a service with other Bindings besides those of two users without odd characters."""
    for service in evidence.services:
        plain = [each for each in service.identities if each.isascii() and each.replace("-", "").isalnum()]
        plain = sorted((each for each in plain if len(each) < _PLAIN), key=lambda each: (-len(each), each))
        if plain and len(service.identities) > 1:
            return service, plain[0], plain[-1]
    raise WorldLacks("service with several users, one of them with a plain name")


def _unread(user: str, other: str) -> Iterator[Unread]:
    one = (user,)
    yield from (
        Unread(query, names_nobody=True) for query in ("Identity=", "Identity", "Identity=&Identity=", "Identity&")
    )
    for query in ("Identity=&Identity={}", "Identity={}&Identity=", "Identity&Identity={}", "Identity={}&Identity"):
        yield Unread(query.format(user), one)
    for query in ("BindingType=", "BindingType", "BindingType=&BindingType=", "BindingType=%FF", "BindingType=%zz"):
        yield Unread(query, names_nobody=True)
    for value in ("apn&BindingType=", "apn%20", "%20apn", "apn%00", "apn;", "apn%zz", "apn%FF", "apn%0A", "APN"):
        yield Unread(f"BindingType={value}", types=["apn"])
    for value in ("apn;gcm", "apn;BindingType=gcm", "apn,gcm", "apn%7Cgcm", "apn+gcm"):
        yield Unread(f"BindingType={value}", types=["apn", "gcm"])
    for text in ("%zz", "%", "%FF", "%C3", ";", ";x", ";x=y", "%zz;", "%00", "%ED%A0%80"):
        yield Unread(f"Identity={user}{text}", [user, f"{user}{text}"])
        yield Unread(f"Identity={text}", [text])
    yield Unread(f"Identity={user};Identity={other}", [user, other, f"{user};Identity={other}"])
    for text in ("\u00e9", "\u65e5\u672c", "\U0001f600"):  # raw UTF-8
        yield Unread(f"Identity={text}", [text])
        yield Unread(f"Identity={user}{text}", [f"{user}{text}"])
        yield Unread(f"Identity={user}&{text}=1", one)
        yield Unread(f"Identity{text}={user}", one)
    for query in (f"Identity={RAW}", f"Identity{RAW}={user}", f"Identity={user}&{RAW}=1", f"{RAW}&Identity={user}"):
        yield Unread(query, one if user in query else ["\ufffd", "\xff"])
    yield Unread(f"Identity={user}{RAW}", [f"{user}\ufffd", f"{user}\xff"])  # some decoders have U+FFFD or Latin-1
    yield Unread(f"BindingType={TYPES[0]}{RAW}", types=TYPES[:1])
    yield from _unread_names(user, other)


def _unread_names(user: str, other: str) -> Iterator[Unread]:
    one = (user,)
    for name in (
        *("%20Identity", "+Identity", "Identity%20", "Identity+", "Identity%0A", "Identity%00", "%00Identity"),
        *("Identity[]", "Identity%5B%5D", "Identity[0]", "Identity[a]", "Identity%5B", "Identity."),
        *("%49dentity", "Identit%79", "Identity%3D"),
        *("Identity%zz", "Identity%FF", "%FFIdentity", "Identity%C3", ";Identity", "a;Identity", "a=b;Identity"),
    ):
        yield Unread(f"{name}={user}", one)
    yield Unread(f"PageSize=5;Identity={user}", one)
    yield Unread(f"%zz&Identity={user}", one)
    for name in ("identity", "IDENTITY", "Identity[]", "Identity%20", "Identity%00"):
        yield Unread(f"{name}={other}&Identity={user}", [user, other])
        yield Unread(f"Identity={user}&{name}={other}", [user, other])
    for name in ("BindingType[]", "bindingtype", "%20BindingType", "BindingType%00", "BindingType%zz"):
        yield Unread(f"BindingType={TYPES[0]}&{name}={TYPES[1]}", types=TYPES[:2])
    for name in (
        "BindingType[]",
        "%20BindingType",
        "BindingType%20",
        "BindingType%zz",
        "BindingType%FF",
        "a;BindingType",
    ):
        yield Unread(f"{name}={TYPES[0]}", types=TYPES[:1])


def _shows_no_others(evidence: Evidence, service: Service, case: Unread) -> None:
    query = case.query if "PageSize" in case.query else f"{case.query}&PageSize={LARGEST_SIZE}"
    answer = evidence.target.list(service, query, is_odd=True)
    if evidence.is_before_the_application(answer):  # that is ERROR-19's
        return
    check(answer.status < 500, "a status below 500", answer.summary, answer)
    if answer.status >= 300:
        return
    identities = [*case.identities, *map(unquote, case.identities)]  # some decoders have U+FFFD for what is no UTF-8
    named = [] if case.names_nobody else service.matching(identities, case.types)
    sids = {each.sid for each in named}
    others = [str(sid) for sid in answer.sids if sid not in sids]
    check(
        not others,
        f"an error, or {'an empty list' if case.names_nobody else 'no Bindings but those that the filter names'}",
        f"{answer.summary}, with {some(others)}",
        answer,
    )


def _matches(answer: Answer, service: Service, query: Sequence[tuple[str, str]]) -> None:
    identities = [value for name, value in query if name == "Identity"]
    types = [value for name, value in query if name == "BindingType"]
    same_bindings(answer, service.matching(identities, types), "each value of a filter counts, or it is refused")


def _long(evidence: Evidence, size: int) -> tuple[list[tuple[str, str]], Answer]:
    """Give a list with a query of so many bytes, made of the longest identities of the world and such as nobody has."""

    def make() -> tuple[list[tuple[str, str]], Answer]:
        service = _with_longest(evidence)
        last = min(service.identities, key=lambda each: (len(each), each))
        query = [_ALL, ("Identity", last)]
        own = sorted(service.identities, key=len, reverse=True)[: MOST_VALUES // 2]
        fillers = ["\U0001f600" * (_LONGEST - 1) + str(number) for number in range(MOST_VALUES)]
        for value in [*own, *fillers][: MOST_VALUES - 1]:
            longer = [*query[:-1], ("Identity", value), query[-1]]
            if len(encode_query(longer)) <= size:
                query = longer
        return query, evidence.target.list(service, query, is_odd=True)

    return evidence.once(("a long query", size), make)


def _with_longest(evidence: Evidence) -> Service:
    """Choose the service with the longest identities."""
    return max(evidence.services, key=lambda each: sorted(map(len, each.identities))[-MOST_VALUES // 2 :])
