"""Response times reveal nothing about tokens, accounts and SIDs.

Kinds of requests are asked in random order over one connection, and compared by ranks. Kinds that are the same differ
by more than six standard deviations once in five hundred million comparisons, whatever else the machine does.
"""

import random
import secrets

import pytest

from ..support import raw
from ..support.answers import operations
from ..support.guessing import UNLIMITED
from ..support.running import Service
from ..support.timing import Comparison, compare, measure

pytestmark = [pytest.mark.ci("asks thousands of times, to compare"), pytest.mark.usefixtures("unmeasured")]

TRIES = [1_000, pytest.param(10_000, marks=pytest.mark.nightly("asks ten times as often"))]
"""The number of requests of each kind; `make timing` sends more."""

FAR = 6.0
"""Standard deviations."""

ROUNDS = 20
"""The most rounds of a thousand requests of each kind in which a difference must show."""


@pytest.fixture(scope="module")
def open_to_guesses(unmeasured, serve) -> Service:
    """Start a service without limits on wrong credentials."""
    return serve(*UNLIMITED)


def request(method: str, path: str, user_name: str, password: str, body: bytes = b"") -> bytes:
    headers = [("Host", "x"), ("Authorization", raw.basic(user_name, password))]
    return raw.compose(method, path, [*headers, ("Content-Length", str(len(body)))] if body else headers, body)


def never(prefix: str) -> str:
    """Return a SID that does not exist."""
    return prefix + secrets.token_hex(16)


def changed(token: str, at: int) -> str:
    """Return a token with another digit at one place."""
    return token[:at] + random.choice("0123456789abcdef".replace(token[at], "")) + token[at + 1 :]


def compared(url: str, kinds: dict, status: int, tries: int, *pairs: tuple[str, str]) -> dict[tuple, Comparison]:
    """Yield pairs of kinds, each a function that makes a request."""
    measure(url, {name: [make() for _ in range(200)] for name, make in kinds.items()}, status)  # warms up
    times = measure(url, {name: [make() for _ in range(tries)] for name, make in kinds.items()}, status)
    return {pair: compare(*(times[name] for name in pair)) for pair in pairs}


def check(found: dict[tuple, Comparison]) -> None:
    for pair, comparison in found.items():
        print(f"{' / '.join(pair)}: {comparison}")  # noqa: T201 - `make timing` shows it
    assert {pair: str(comparison) for pair, comparison in found.items() if abs(comparison.deviations) > FAR} == {}


@pytest.mark.parametrize("tries", TRIES)
def test_wrong_credentials(open_to_guesses, ask, world, tries):
    """Response times are equal however much of a token is right, and whether account and key exist."""
    path, (user_name, token), key = ask.path("fetchBinding"), world.auth, world.key["sid"]

    def guess(user_name: str, password: str) -> bytes:
        return request("GET", path, user_name, password)

    kinds = {
        "wrong token": lambda: guess(user_name, secrets.token_hex(16)),
        "wrong token again": lambda: guess(user_name, secrets.token_hex(16)),
        "first digit wrong": lambda: guess(user_name, changed(token, 0)),
        "last digit wrong": lambda: guess(user_name, changed(token, 31)),
        "no such account": lambda: guess(never("AC"), secrets.token_hex(16)),
        "no such account, right token": lambda: guess(never("AC"), token),
        "wrong secret": lambda: guess(key, secrets.token_hex(16)),
        "last digit of the secret wrong": lambda: guess(key, changed(world.key["secret"], 31)),
        "no such key": lambda: guess(never("SK"), secrets.token_hex(16)),
    }
    names = list(kinds)
    pairs = [("wrong token", name) for name in names[1:6]] + [("wrong secret", name) for name in names[7:]]
    check(compared(open_to_guesses.url, kinds, 401, tries, *pairs))


@pytest.mark.parametrize("tries", TRIES)
@pytest.mark.parametrize("operation_id", sorted(operations()))
def test_sids_of_another_account(open_to_guesses, world, operation_id, tries):
    """Requests for another account's resources take as long as for missing ones."""
    operation, foreign = operations()[operation_id], world.foreign
    theirs = [binding["sid"] for binding in foreign["bindings"]]
    nobodys = [never("BS") for _ in theirs]
    services = {"theirs": foreign["sid"], "nobody's": never("IS"), "nobody's again": never("IS")}
    body = b"Identity=x&Endpoint=x&BindingType=apn&CredentialSid=CR" + b"0" * 32 if operation.method == "POST" else b""

    def kind(service_sid: str, sids: list[str]):
        def make() -> bytes:
            path = operation.path(ServiceSid=service_sid, Sid=random.choice(sids))
            return request(operation.method, path, *world.auth, body)

        return make

    kinds = {f"{whose} service": kind(sid, theirs if whose == "theirs" else nobodys) for whose, sid in services.items()}
    pairs = [("nobody's service", "theirs service"), ("nobody's service", "nobody's again service")]
    if "{Sid}" in operation.template:
        kinds |= {"theirs here": kind(world.full["sid"], theirs), "nobody's here": kind(world.full["sid"], nobodys)}
        pairs.append(("nobody's here", "theirs here"))
    check(compared(open_to_guesses.url, kinds, 404, tries, *pairs))


def test_a_difference_is_seen(open_to_guesses, ask, world):
    """Credentials that are no text are not searched for, which takes some microseconds less: that shows."""
    path = ask.path("fetchBinding")
    kinds = {
        "looked for": lambda: request("GET", path, world.auth[0], secrets.token_hex(16)),
        "not looked for": lambda: raw.compose("GET", path, [("Host", "x"), ("Authorization", f"Basic {'_' * 88}")]),
    }
    times: dict[str, list[int]] = {name: [] for name in kinds}
    for _ in range(ROUNDS):  # the busier the machine, the more of them it takes
        requests = {name: [make() for _ in range(1000)] for name, make in kinds.items()}
        for name, more in measure(open_to_guesses.url, requests, 401).items():
            times[name] += more
        found = compare(*times.values())
        if found.deviations > FAR:
            return
    pytest.fail(f"after {ROUNDS} rounds: {found}")
