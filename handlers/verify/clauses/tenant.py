"""TENANT: accounts are apart."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from ..clause import OURS, PAGE, SDKS, clause
from ..evidence import Evidence, same_bindings
from ..facts import ERROR, LARGEST_SIZE, LIST, MOST_VALUES, RESPONSES
from ..plan import Picks
from ..response import MISSING, Answer, describe_property
from ..target import encode_query
from ..violation import check, each_of, every, some
from ..world import Binding

_NOT_FOUND = f"{RESPONSES}/NotFound"
_ALL = ("PageSize", str(LARGEST_SIZE))


@clause("TENANT-01", "must", "Fetching another account's Binding is 404", source=PAGE, spec=_NOT_FOUND)
def test_fetch(evidence: Evidence) -> None:
    """Fetching another account's Binding, in its own service, is 404."""
    foreign = evidence.world.foreign
    evidence.each(lambda each: evidence.target.fetch(foreign, each).has_status(404), foreign.bindings[:4])


@clause("TENANT-02", "must", "Listing another account's service is 404", source=PAGE, spec=_NOT_FOUND)
def test_list(evidence: Evidence) -> None:
    """Listing another account's service is 404, also where its owner has just asked for the same."""
    foreign = evidence.world.foreign
    identity = ("Identity", foreign.bindings[0].identity)
    queries = {"no parameter": (), "Identity": (identity,), "PageSize": (("PageSize", "1"),)}

    def is_absent(query: tuple[tuple[str, str], ...]) -> None:
        evidence.target.list(foreign, query).has_status(404)
        evidence.target.list(foreign, query, credentials=evidence.world.other_credentials).has_status(200)
        evidence.target.list(foreign, query).has_status(404)

    every((name, partial(is_absent, query)) for name, query in queries.items())


@clause(
    "TENANT-03",
    "must",
    "Deleting another account's Binding is 404",
    source=PAGE,
    spec=_NOT_FOUND,
    deletes="of another account",
)
def test_delete(evidence: Evidence) -> None:
    """Deleting another account's Binding is 404, and deletes nothing."""
    foreign = evidence.world.foreign
    evidence.attempt("of another account", lambda picks: _is_not_deleted(evidence, foreign, picks))


@clause(
    "TENANT-04", "must", "Fetching another account's Binding under an own service is 404", source=PAGE, spec=_NOT_FOUND
)
def test_own_service(evidence: Evidence) -> None:
    """Another account's Binding SID under one's own service is 404."""
    services = (evidence.rich, evidence.large)
    cases = [(service, each) for each in evidence.world.foreign.bindings[:4] for service in services]
    evidence.each(lambda case: evidence.target.fetch(*case).has_status(404), cases, name=lambda case: case[1].sid)


@clause("TENANT-05", "must", "Filters stay in their account", source=PAGE, spec=LIST)
def test_filter(evidence: Evidence) -> None:
    """A filter by another account's identity shows only one's own Bindings."""
    users = list(evidence.world.foreign.identities)[:MOST_VALUES]
    services = (evidence.rich, evidence.large)

    def finds_several() -> None:
        listed = evidence.listed(evidence.rich, *(("Identity", each) for each in users), _ALL)
        same_bindings(listed, evidence.rich.matching(users))

    finds_each = partial(evidence.finds, [(service, user) for service in services for user in users])
    every((("one identity", finds_each), ("several identities", finds_several)))


@clause(
    "TENANT-06", "must", "What another account has is answered as what does not exist", source=OURS, spec=_NOT_FOUND
)
def test_alike(evidence: Evidence) -> None:
    """What another account has is answered just as what does not exist: nothing tells which SIDs there are."""
    foreign = evidence.world.foreign
    binding, absent = foreign.bindings[0].sid, evidence.absent()
    service, nowhere = foreign.sid, evidence.absent("IS")
    fetch, listed = evidence.target.fetch, evidence.target.list
    names = {binding: "(sid)", absent: "(sid)", service: "(service)", nowhere: "(service)"}
    size = [("PageSize", "5")]
    asked: dict[str, tuple[Callable[[], Answer], Callable[[], Answer]]] = {
        "nothing twice": (partial(fetch, nowhere, absent), partial(fetch, nowhere, absent)),
        "a fetch": (partial(fetch, service, binding), partial(fetch, nowhere, absent)),
        "a fetch of nothing": (partial(fetch, service, absent), partial(fetch, nowhere, absent)),
        "a fetch under an own service": (partial(fetch, evidence.rich, binding), partial(fetch, evidence.rich, absent)),
        "a list": (partial(listed, service), partial(listed, nowhere)),
        "a list with PageSize": (partial(listed, service, size), partial(listed, nowhere, size)),
    }
    answers = evidence.target.together([each for pair in asked.values() for each in pair])
    (one, again), *pairs = zip(answers[::2], answers[1::2], strict=True)
    stable = [name for name in ERROR if one.object.get(name) == again.object.get(name)]  # a text may name its request
    delete = evidence.target.delete
    pairs.append((delete(service, absent), delete(nowhere, absent)))
    every(
        (name, partial(_alike, names, stable, *pair))
        for name, pair in zip((*list(asked)[1:], "a delete"), pairs, strict=True)
    )


@clause("TENANT-07", "must", "The other account sees its own Bindings only", source=PAGE, spec=LIST)
def test_other(evidence: Evidence) -> None:
    """The other account sees its own Bindings, and nothing of the first one's."""
    foreign, credentials = evidence.world.foreign, evidence.world.other_credentials
    fetch = partial(evidence.target.fetch, credentials=credentials)
    listed = partial(evidence.target.list, credentials=credentials)

    def lists_its_own() -> None:
        answer = listed(foreign, [_ALL])
        strange = [str(sid) for sid in answer.sids if sid not in foreign.sids]
        check(not strange, f"only Bindings of {foreign.sid}", f"also {some(strange)}", answer)
        check(set(answer.sids) == foreign.sids, f"all {len(foreign.bindings)} Bindings", answer.summary, answer)

    def fetches_its_own() -> None:
        each = foreign.bindings[0]
        found = fetch(foreign, each).has_status(200)
        owner = found.object.get("account_sid", MISSING)
        expected = f"`account_sid`: {each.account_sid}"
        check(owner == each.account_sid, expected, describe_property("account_sid", owner), found)

    cases: dict[str, Callable[[], object]] = {
        "a list": lists_its_own,
        "a fetch": fetches_its_own,
        "a fetch from the first one's": lambda: fetch(evidence.rich, evidence.rich.bindings[0]).has_status(404),
        "a list of the first one's": lambda: listed(evidence.rich).has_status(404),
    }
    every(cases.items())


@clause("TENANT-08", "must", "A key opens its own account only", source=SDKS, spec=_NOT_FOUND)
def test_key(evidence: Evidence) -> None:
    """An API key opens its own account only."""
    world = evidence.world
    key, foreign = world.key, world.foreign if world.owner_of_key is world.account else world.rich
    cases: dict[str, Callable[[], Answer]] = {
        "a list": partial(evidence.target.list, foreign, credentials=key),
        "a fetch": partial(evidence.target.fetch, foreign, foreign.bindings[0], credentials=key),
        "a delete": partial(evidence.target.delete, foreign, evidence.absent(), credentials=key),
    }
    evidence.each(lambda name: cases[name]().has_status(404), cases)


@clause(
    "TENANT-09",
    "must",
    "A PageToken shows no other account's Bindings",
    source=OURS,
    spec="/components/parameters/PageTokenParameter",
)
def test_token(evidence: Evidence) -> None:
    """A page token of one account shows the other account nothing of it."""
    foreign, credentials = evidence.world.foreign, evidence.world.other_credentials
    first = evidence.listed(evidence.large, ("PageSize", "2"))
    url = first.url("next_page_url") or ""
    query = evidence.target.below(url).partition("?")[2]

    def shows_nothing_of(owner: str, given_by: Answer, answer: Answer) -> None:
        if answer.has_status(200, 400, 404).status == 200:
            strange = [str(sid) for sid in answer.sids if (sid in foreign.sids) == (owner == "other")]
            check(not strange, f"nothing of the {owner} account's", some(strange), given_by, answer)

    def moves() -> None:
        answer = evidence.target.send("GET", f"{evidence.target.path(foreign)}?{query}", credentials=credentials)
        shows_nothing_of("first", first, answer)

    def stays() -> None:
        if url:
            shows_nothing_of("first", first, evidence.target.follow(url, credentials=credentials))

    def moves_back() -> None:
        own = evidence.target.list(foreign, [("PageSize", "1")], credentials=credentials)
        back = evidence.target.below(own.url("next_page_url") or "").partition("?")[2]
        answer = evidence.target.send("GET", f"{evidence.target.path(evidence.rich)}?{back or encode_query([_ALL])}")
        shows_nothing_of("other", own, answer)

    every(
        (
            ("the first one's token on the other's list", moves),
            ("the first one's page URL", stays),
            ("the other's token on the first one's list", moves_back),
        )
    )


@clause(
    "TENANT-10",
    "must",
    "Deleting another account's Binding under an own service is 404",
    source=PAGE,
    spec=_NOT_FOUND,
    deletes="of another account, under an own service",
)
def test_delete_own_service(evidence: Evidence) -> None:
    """Another account's Binding cannot be deleted by its SID under one's own service: 404, and it is still there."""
    check_name = "of another account, under an own service"
    evidence.attempt(check_name, lambda picks: _is_not_deleted(evidence, evidence.rich, picks))


def _is_not_deleted(evidence: Evidence, service: Any, picks: Picks) -> None:
    foreign, credentials = evidence.world.foreign, evidence.world.other_credentials

    def is_left(each: Binding) -> None:
        answer = evidence.target.delete(service, each)
        left = evidence.target.fetch(foreign, each, credentials=credentials)
        check(left.status == 200, f"{each.sid} is still there", left.summary, answer, left)
        answer.has_status(404)

    each_of(picks, is_left)


def _alike(names: dict[str, str], compared: Sequence[str], one: Answer, other: Answer) -> None:
    """Raise `Violation` unless two answers are the same but for the SIDs that were asked for."""
    is_same = one.status == other.status and one.object.keys() == other.object.keys()
    is_same = is_same and all(
        _without(names, one.object[name]) == _without(names, other.object[name])
        for name in compared
        if name in one.object
    )
    check(
        is_same,
        f"the same answer as for what does not exist: {other.summary}",
        f"{one.summary}, which tells that it exists",
        one,
        other,
    )


def _without(names: dict[str, str], value: Any) -> Any:
    if isinstance(value, str):
        for name, word in names.items():
            value = value.replace(name, word)
    return value
