"""AUTH: who asks."""

import base64
from collections.abc import Callable, Sequence
from functools import partial
from operator import itemgetter

from ..clause import OURS, PAGE, SDKS, clause
from ..credentials import Credentials
from ..evidence import Evidence
from ..facts import CREDENTIALS, LARGEST_SIZE, RESPONSES
from ..plan import Picks
from ..response import Answer
from ..variants import INHERITED
from ..violation import case_name, check, each_of, every
from ..world import Binding

_BASIC = "RFC 7617"
_WRONG = '"$WRONG_TOKEN"'
_UNAUTHORIZED = f"{RESPONSES}/Unauthorized"


@clause("AUTH-01", "must", "No credentials are 401", source=PAGE, spec=_UNAUTHORIZED)
def test_none(evidence: Evidence) -> None:
    """Without credentials all three operations are 401."""
    _are_refused(evidence, None)


@clause("AUTH-02", "must", "A wrong token is 401", source=PAGE, spec=_UNAUTHORIZED)
def test_wrong(evidence: Evidence) -> None:
    """With a wrong token all three operations are 401."""
    own = evidence.world.credentials
    others = {"0" * 32, "wrong", own.password[::-1]} - {own.password}
    _are_refused(evidence, *(own.but(password, _WRONG) for password in sorted(others)))


@clause("AUTH-03", "must", "An account or key that does not exist is 401", source=PAGE, spec=_UNAUTHORIZED)
def test_absent(evidence: Evidence) -> None:
    """The SID of an account or key that does not exist is 401, also with a token that exists."""
    tokens = ((evidence.world.credentials.password, '"$AUTH_TOKEN"'), ("0" * 32, _WRONG))
    users = (evidence.absent("AC"), evidence.absent("SK"), "nobody", "", *INHERITED)
    evidence.each(
        lambda case: _lists(evidence, Credentials(*case)).has_status(401),
        [(user, *token) for user in users for token in tokens],
        name=lambda case: f"{case[0] or 'no user'} with {case[2]}",
    )


@clause("AUTH-04", "must", "Malformed credentials are 401", source=_BASIC, spec=_UNAUTHORIZED)
def test_malformed(evidence: Evidence) -> None:
    """An Authorization that cannot be read is 401: no Base64, no colon, nothing at all, another scheme."""
    user = base64.b64encode(evidence.world.account.sid.encode()).decode()
    values = (f"Basic {user}", "Basic", "Basic !!!", "Basic YQ", "Basic /////w==", "Basic Og==", "x", "Bearer x")
    schemes = ("Bearer", "Digest", "Token", "Foo")
    own = Credentials(evidence.world.account.sid, evidence.world.credentials.password, '"$AUTH_TOKEN"')
    listed = partial(evidence.target.list, evidence.rich, [("PageSize", "1")], credentials=own)
    cases: list[tuple[str, Callable[[], Answer]]] = [(each, partial(_lists_with, evidence, each)) for each in values]
    cases += [(f"the scheme {each}", partial(listed, scheme=each)) for each in schemes]
    evidence.each(lambda case: case[1]().has_status(401), cases, name=itemgetter(0))


@clause(
    "AUTH-05", "must", "A 401 challenges with Basic", source="RFC 9110", spec="/components/headers/WWW-Authenticate"
)
def test_challenge(evidence: Evidence) -> None:
    """Every 401 has WWW-Authenticate with the scheme Basic."""
    wrong = evidence.world.credentials.but("0" * 32, _WRONG)
    _lists(evidence, None)
    _lists(evidence, wrong)
    _lists_with(evidence, "Basic !!!")
    evidence.target.fetch(evidence.rich, evidence.absent(), credentials=wrong)
    evidence.target.delete(evidence.rich, evidence.absent(), credentials=None)

    def fits(answer: Answer) -> None:
        if answer.status == 401:
            challenge = answer.header("www-authenticate")
            is_basic = any(part.strip().lower().startswith("basic") for part in challenge.split(","))
            check(is_basic, "WWW-Authenticate: Basic", challenge[:60] or "no WWW-Authenticate", answer)

    each_of(evidence.target.seen, fits)


@clause(
    "AUTH-06", "must", "API keys work as the account's token does", source=SDKS, spec=CREDENTIALS, deletes="with a key"
)
def test_key(evidence: Evidence) -> None:
    """An API key and its secret work as the account's SID and token do, for all three operations."""
    key, (service, credentials) = evidence.world.key, evidence.world.of_key
    size = [("PageSize", str(LARGEST_SIZE))]

    def lists() -> None:
        own, with_key = (evidence.target.list(service, size, credentials=each) for each in (credentials, key))
        expected = f"the same list as the account gets: {own.summary}"
        check(with_key.sids == own.sids, expected, with_key.summary, with_key)

    def fetches() -> None:
        evidence.target.fetch(service, service.bindings[0], credentials=key).has_status(200)

    def deletes(picks: Picks) -> None:
        pick = picks[0]
        evidence.target.delete(pick.service_sid, pick, credentials=key).has_status(204)
        evidence.target.fetch(pick.service_sid, pick, credentials=key).has_status(404)

    every(
        (
            ("a list", lists),
            ("a fetch", fetches),
            ("a delete", partial(evidence.attempt, "with a key", deletes)),
        )
    )


@clause("AUTH-07", "must", "A wrong secret of an API key is 401", source=SDKS, spec=_UNAUTHORIZED)
def test_wrong_secret(evidence: Evidence) -> None:
    """A wrong secret of an API key is 401."""
    key = evidence.world.key
    _are_refused(evidence, *(key.but(password, '"$WRONG_SECRET"') for password in ("0" * 32, "", key.user_name)))


@clause("AUTH-08", "must", "SIDs and secrets that do not belong together are 401", source=SDKS, spec=_UNAUTHORIZED)
def test_mixed(evidence: Evidence) -> None:
    """An API key's SID with the account's token, and the account's SID with the key's secret, are 401."""
    key, (_, own) = evidence.world.key, evidence.world.of_key
    _are_refused(evidence, key.but(own.password, own.shown), own.but(key.password, key.shown))


@clause("AUTH-09", "must", "A part of a token is 401", source=OURS, spec=_UNAUTHORIZED)
def test_whole(evidence: Evidence) -> None:
    """A token has to be whole: its beginning, its end, it with something after it, and an empty one are 401."""
    own = evidence.world.credentials
    token = own.password
    beginnings = (token[:-1], token[: len(token) // 2], token[:1], "")
    others = (token[1:], f"{token}0", token * 2, f"{token}:")
    _are_refused(evidence, *(own.but(password, '"$PART_OF_AUTH_TOKEN"') for password in (*beginnings, *others)))


@clause("AUTH-10", "must", "A token in another case, or with space around, is 401", source=OURS, spec=_UNAUTHORIZED)
def test_exact(evidence: Evidence) -> None:
    """A token is compared with its case, and without trimming."""
    own = evidence.world.credentials
    token = own.password
    alike = {token.upper(), token.swapcase(), f" {token}", f"{token} ", f"{token}\n", f"{token}\t"} - {token}
    _are_refused(evidence, *(own.but(password, '"$AUTH_TOKEN_ALMOST"') for password in sorted(alike)))


@clause("AUTH-11", "must", "Another account's token is 401", source=PAGE, spec=_UNAUTHORIZED)
def test_others(evidence: Evidence) -> None:
    """The account's SID with another account's token is 401, and so the other way round."""
    own, other = evidence.world.credentials, evidence.world.other_credentials
    _are_refused(evidence, own.but(other.password, other.shown), other.but(own.password, own.shown))


@clause("AUTH-12", "must", "A 401 is the same for what exists and what does not", source=OURS, spec=_UNAUTHORIZED)
def test_nothing_revealed(evidence: Evidence) -> None:
    """Without credentials nothing is revealed: what exists and what does not are answered alike."""
    there, absent, nowhere = evidence.rich.bindings[0], evidence.absent(), evidence.absent("IS")
    fetch = partial(evidence.target.fetch, credentials=None)
    listed = partial(evidence.target.list, query=[("PageSize", "1")], credentials=None)
    cases = {
        "a fetch of nothing": (partial(fetch, evidence.rich, there), partial(fetch, evidence.rich, absent)),
        "a list of no service": (partial(listed, evidence.rich), partial(listed, nowhere)),
        "a fetch from no service": (partial(fetch, evidence.rich, there), partial(fetch, nowhere, there)),
    }
    every((name, partial(_alike, one(), other())) for name, (one, other) in cases.items())


@clause(
    "AUTH-13",
    "must",
    "Authentication comes before validation",
    rule="Which error comes first",
    source=OURS,
    spec=_UNAUTHORIZED,
)
def test_before_validation(evidence: Evidence) -> None:
    """A bad query without credentials MUST be 401, not 400."""
    queries = (("PageSize", "0"), ("PageSize", "5000"), ("BindingType", "sms"), ("Unknown", "1"), ("PageToken", "x"))
    fetch = partial(evidence.target.fetch, evidence.rich, evidence.rich.bindings[0], "?Unknown=1")
    requests: dict[str, Callable[..., Answer]] = {
        **{case_name(query): partial(evidence.target.list, evidence.rich, [query]) for query in queries},
        "a fetch with Unknown=1": fetch,
    }
    evidence.each(lambda name: requests[name](credentials=None).has_status(401), requests)


@clause(
    "AUTH-14",
    "must",
    "A delete without credentials is 401, and deletes nothing",
    source=PAGE,
    spec=_UNAUTHORIZED,
    deletes="without credentials",
)
def test_delete(evidence: Evidence) -> None:
    """A delete without credentials, or with wrong ones, is 401 and deletes nothing."""

    def action(picks: Picks) -> None:
        wrong = evidence.world.credentials.but("0" * 32, _WRONG)

        def is_left(each: Binding, credentials: Credentials | None) -> None:
            answer = evidence.target.delete(each.service_sid, each, credentials=credentials).has_status(401)
            left = evidence.target.fetch(each.service_sid, each)
            check(left.status == 200, f"nothing deleted after status {answer.status}", left.summary, answer, left)

        every(
            (("no credentials", partial(is_left, picks[0], None)), ("wrong ones", partial(is_left, picks[-1], wrong)))
        )

    evidence.attempt("without credentials", action)


@clause("AUTH-15", "must", "The scheme Basic is read in any case", source=_BASIC, spec=CREDENTIALS)
def test_scheme(evidence: Evidence) -> None:
    """The scheme's name is case-insensitive: `basic` and `BASIC` work."""

    def fits(scheme: str) -> None:
        evidence.target.list(evidence.rich, [("PageSize", "1")], scheme=scheme).has_status(200)

    each_of(("basic", "BASIC"), fits)


@clause("AUTH-16", "must", "Every request is authenticated", source=_BASIC, spec=_UNAUTHORIZED)
def test_every_request(evidence: Evidence) -> None:
    """Credentials are asked for on every request: wrong ones after right ones on the same connection are 401."""
    wrong = evidence.world.credentials.but("0" * 32, _WRONG)

    def is_refused(credentials: Credentials | None) -> None:
        evidence.target.list(evidence.rich, [("PageSize", "1")], on_one_connection=True).has_status(200)
        answer = evidence.target.list(
            evidence.rich, [("PageSize", "1")], credentials=credentials, on_one_connection=True
        )
        answer.has_status(401)

    cases = (("none", None), ("wrong ones", wrong), ("none", None))
    every((name, partial(is_refused, credentials)) for name, credentials in cases)


@clause(
    "AUTH-17",
    "must",
    "Wrong credentials are 401 where nothing exists, too",
    rule="Which error comes first",
    source=OURS,
    spec=_UNAUTHORIZED,
)
def test_where_nothing_is(evidence: Evidence) -> None:
    """Wrong credentials MUST be 401 also where the service or the Binding does not exist."""
    target, absent, nowhere = evidence.target, evidence.absent(), evidence.absent("IS")
    requests: dict[str, Callable[..., Answer]] = {
        "a fetch": partial(target.fetch, evidence.rich, absent),
        "a fetch from no service": partial(target.fetch, nowhere, absent),
        "a list of no service": partial(target.list, nowhere),
        "a delete": partial(target.delete, evidence.rich, absent),
    }
    wrong = evidence.world.credentials.but("0" * 32, _WRONG)
    evidence.each(
        lambda case: requests[case[0]](credentials=case[1]).has_status(401),
        [(name, credentials) for credentials in (None, wrong) for name in requests],
        name=lambda case: f"{case[0]} with {'no' if case[1] is None else 'wrong'} credentials",
    )


@clause(
    "AUTH-18", "should", "A 401 is the same for a wrong token and an unknown account", source=OURS, spec=_UNAUTHORIZED
)
def absent_account(evidence: Evidence) -> None:
    """The 401 of an account that does not exist is as that of a wrong token."""
    own = evidence.world.credentials.but("0" * 32, _WRONG)
    other = Credentials(evidence.absent("AC"), "0" * 32, _WRONG)
    one, again, nobody = _lists(evidence, own), _lists(evidence, own), _lists(evidence, other)
    _alike(one, nobody)
    stable = [name for name in one.object if one.object[name] == again.object.get(name)]  # a text may name its request
    is_same = all(
        str(one.object[name]).replace(own.user_name, "") == str(nobody.object[name]).replace(other.user_name, "")
        for name in stable
    )
    challenges = {each.header("www-authenticate") for each in (one, again, nobody)}
    check(is_same and len(challenges) == 1, "the same answer as for a wrong token", nobody.summary, one, nobody)


def _are_refused(evidence: Evidence, *several: Credentials | None) -> None:
    """Raise `Violation` unless a list, a fetch and a delete (of nothing) are 401."""
    there, absent = evidence.rich.bindings[0], evidence.absent()
    operations: dict[str, Callable[[Credentials | None], Answer]] = {
        "a list": partial(_lists, evidence),
        "a fetch": lambda credentials: evidence.target.fetch(evidence.rich, there, credentials=credentials),
        "a delete": lambda credentials: evidence.target.delete(evidence.rich, absent, credentials=credentials),
    }
    cases = [(name, number, each) for number, each in enumerate(several, 1) for name in operations]
    evidence.each(
        lambda case: operations[case[0]](case[2]).has_status(401),
        cases,
        name=lambda case: f"{case[0]} with credentials {case[1]}" if len(several) > 1 else case[0],
    )


def _lists(evidence: Evidence, credentials: Credentials | None) -> Answer:
    return evidence.target.list(evidence.rich, [("PageSize", "1")], credentials=credentials)


def _lists_with(evidence: Evidence, authorization: str) -> Answer:
    headers: Sequence[tuple[str, str]] = [("Authorization", authorization)]
    return evidence.target.list(evidence.rich, [("PageSize", "1")], credentials=None, headers=headers)


def _alike(one: Answer, other: Answer) -> None:
    """Raise `Violation` unless two answers are the same but for what names the request."""
    is_same = one.status == other.status and one.object.keys() == other.object.keys()
    is_same = is_same and one.object.get("code") == other.object.get("code")
    check(is_same, f"the same answer: {one.summary}", other.summary, one, other)
