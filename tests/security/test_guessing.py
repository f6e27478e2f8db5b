"""Brute-force protection: too many wrong credentials get 429, and other clients are served."""

import asyncio
import itertools
import secrets
import time

import pytest

from ..support import raw
from ..support.answers import check_documented, check_error
from ..support.databases import locator_of
from ..support.guessing import Guessed, Source, addresses, guess
from ..support.running import Service, run_cli

BY_ADDRESS, BY_ACCOUNT = 40, 100
NOBODY = f"AC{'0' * 32}"


@pytest.fixture(scope="module")
def strict(serve) -> Service:
    """Start a service with low limits on guesses. Each test guesses from addresses of its own."""
    return serve("--guesses-per-address", BY_ADDRESS, "--guesses-per-account", BY_ACCOUNT)


@pytest.fixture
def account(strict) -> tuple[str, str]:
    """Create an empty account, and return its credentials: a request with them gets 404."""
    created = run_cli("account", "create", "--database", locator_of(strict.database)).stdout
    sid, token = (line.partition(": ")[2] for line in created.splitlines())
    return sid, token


@pytest.fixture
def path(ask) -> str:
    return ask.path("fetchBinding")


def check_guessed(guessed: Guessed, limit: int) -> None:
    """Check that as many guesses were checked as the limit allows, and the rest were refused."""
    answers, seconds = guessed
    statuses = [answer.status for answer in answers]
    assert set(statuses) == {401, 429}
    assert limit <= statuses.count(401) <= limit + seconds * limit / 60 + 1
    for answer in answers:
        check_error(answer, "unauthorized" if answer.status == 401 else "too_many_requests", "fetchBinding")
        assert answer.status == 401 or answer.header("Retry-After") in {"1", "2"}


def ask_from(service: Service, path: str, address: str, *tries: tuple[str, str]) -> list[raw.Response]:
    """Send credentials one after the other from one address, and return the responses."""

    async def work() -> list[raw.Response]:
        async with Source(service.url, path, address) as source:
            return [await source.ask(*each) for each in tries]

    return asyncio.run(work())


def attack(service: Service, path: str, user_name: str, sources: list[str], number: int) -> Guessed:
    """Send guesses from some addresses at full speed."""
    return asyncio.run(guess(service.url, path, itertools.repeat(user_name), sources, number=number))


async def attack_beside(service: Service, path: str, user_name: str, sources: list[str], *others: tuple[str, str, str]):
    """Send a thousand guesses a second, and requests from other addresses meanwhile. Returns both responses."""

    async def keep_asking(address: str, credentials: tuple[str, str]) -> list[raw.Response]:
        answers = []
        async with Source(service.url, path, address) as source:
            while not attacking.done():
                answers.append(await source.ask(*credentials))
                await asyncio.sleep(0.02)
        return answers

    user_names = itertools.repeat(user_name)
    attacking = asyncio.create_task(guess(service.url, path, user_names, sources, number=1500, a_second=1000))
    asked = [keep_asking(address, credentials) for address, *credentials in others]
    return await asyncio.gather(attacking, *asked)


def test_a_thousand_guesses_a_second_from_one_address(strict, world, path):
    """They are refused once the address has had its share, and the account is served elsewhere, new clients too."""
    clients = ("127.2.0.1", *world.auth), ("127.2.0.2", world.key["sid"], world.key["secret"])
    guessed, *served = asyncio.run(attack_beside(strict, path, world.auth[0], ["127.2.0.3"] * 10, *clients))
    check_guessed(guessed, BY_ADDRESS)
    for answers in served:
        assert len(answers) > 10
        assert {answer.status for answer in answers} == {200}


def test_a_thousand_guesses_a_second_from_many_addresses(strict, account, path):
    """They are refused once the account has had its share. Who was right before is served, who is new gets in soon."""
    ask_from(strict, path, "127.2.1.1", account)
    known = "127.2.1.1", *account
    guessed, served = asyncio.run(attack_beside(strict, path, account[0], addresses(200), known))
    check_guessed(guessed, BY_ACCOUNT)
    assert {answer.status for answer in served} == {404}
    until = time.monotonic() + raw.PATIENCE
    while (answer := ask_from(strict, path, "127.2.1.2", account)[0]).status == 429:
        assert time.monotonic() < until
        time.sleep(int(answer.header("Retry-After")))
    check_error(answer, "not_found", "fetchBinding")


def test_a_client_behind_an_attackers_address_is_served(strict, account, path):
    """A client that was right is served while guesses from its own address, at its own account, are refused."""
    ask_from(strict, path, "127.2.8.1", account)
    check_guessed(attack(strict, path, account[0], ["127.2.8.1"], BY_ADDRESS + 20), BY_ADDRESS)
    time.sleep(0.6)  # until it is no longer remembered, and has to be checked
    for _ in range(BY_ADDRESS):  # as the time goes, further guesses are allowed
        wrong, right = ask_from(strict, path, "127.2.8.1", (account[0], secrets.token_hex(16)), account)
        if wrong.status == 429:
            break
    assert (wrong.status, right.status) == (429, 404)


def test_other_user_names_do_not_help(strict, path):
    """One address is refused as soon, however many accounts it tries, and with however many guesses at once."""
    names = (f"AC{number:032x}" for number in itertools.count())
    check_guessed(asyncio.run(guess(strict.url, path, names, ["127.2.2.1"] * 300, number=300)), BY_ADDRESS)


def test_a_refusal_says_nothing_about_the_credentials(strict, account, path):
    """Right credentials are answered as wrong ones where guesses are refused, also while they are in use elsewhere."""
    ask_from(strict, path, "127.2.3.250", account, account)
    for number in range(20):  # on a slow machine a guess is allowed again before the right one comes
        attack(strict, path, NOBODY, [address := f"127.2.3.{number}"], BY_ADDRESS + 1)
        right, wrong = ask_from(strict, path, address, account, (account[0], secrets.token_hex(16)))
        if right.status == wrong.status:
            break
    check_error(right, "too_many_requests", "fetchBinding")
    assert (right.status, right.content) == (wrong.status, wrong.content)
    own = {"twilio-request-id", "date", "retry-after"}
    rights, wrongs = ([each for each in answer.headers if each[0] not in own] for answer in (right, wrong))
    assert rights == wrongs


@pytest.mark.parametrize("limit", [BY_ADDRESS, BY_ACCOUNT])
def test_accounts_that_are_not_there_are_throttled_alike(strict, account, path, limit):
    """An account that exists and one that does not are refused after as many guesses."""
    for user_name, last in ((account[0], 1), (f"AC{secrets.token_hex(16)}", 2)):
        sources = [f"127.3.{last}.{number}" for number in range(1, 2 if limit == BY_ADDRESS else 201)]
        check_guessed(attack(strict, path, user_name, sources, 200), limit)


def test_a_known_client_is_served_after_a_rotation(strict, account, path):
    """At an address where an account was right the new token is right at once, in spite of others' guesses."""
    user_name, token = account
    ask_from(strict, path, "127.2.5.1", account)
    rotated = run_cli("account", "rotate-token", user_name, "--database", locator_of(strict.database)).stdout
    new = rotated.partition("auth_token: ")[2].strip()
    time.sleep(1)
    check_guessed(attack(strict, path, user_name, addresses(200), 200), BY_ACCOUNT)
    old, wrong, right = ask_from(strict, path, "127.2.5.1", account, (user_name, token), (user_name, new))
    for answer in (old, wrong):
        check_error(answer, "unauthorized", "fetchBinding")
    check_error(right, "not_found", "fetchBinding")


def test_credentials_that_are_no_longer_right_are_counted(strict, account, path):
    """A client that goes on with a deleted account's token is refused in the end, as any other is."""
    ask_from(strict, path, "127.2.6.1", account)
    deleted = run_cli("account", "delete", account[0], "--database", locator_of(strict.database))
    assert deleted.returncode == 0, deleted.stderr
    time.sleep(1)
    answers = ask_from(strict, path, "127.2.6.1", *[account] * (BY_ADDRESS + 20))
    assert [answer.status for answer in answers[:BY_ADDRESS]] == [401] * BY_ADDRESS
    assert answers[-1].status == 429


def test_only_what_could_be_right_is_a_guess(strict, ask, account, path):
    """Requests without credentials, and without HTTP Basic, are 401 however often they come, and use nothing up."""
    with raw.connect(strict.url) as connection:
        for value in (None, "Bearer x", "Basic !", "Basic QUM6") * 25:
            headers = [("Host", "x")] + ([("Authorization", value)] if value else [])
            check_error(raw.one(connection, raw.compose("GET", path, headers)), "unauthorized", "fetchBinding")


def test_forwarded_addresses(serve, world, path):
    """The last value of a trusted proxy's `X-Forwarded-For` is the address that counts."""
    options = ("--guesses-per-address", BY_ADDRESS, "--guesses-per-account", 0, "--trusted-proxy", "127.0.0.1")
    with raw.connect(serve(*options).url) as connection:

        def send(forwarded: str, credentials: str) -> int:
            headers = [("Host", "x"), ("Authorization", credentials), ("X-Forwarded-For", forwarded)]
            return raw.one(connection, raw.compose("GET", path, headers)).status

        for number in range(BY_ADDRESS + 20):
            send(f"192.0.2.{number}, 203.0.113.1", raw.basic(world.auth[0], secrets.token_hex(16)))
        assert send("203.0.113.1", raw.basic(*world.auth)) == 429
        assert send("203.0.113.1, 203.0.113.2", raw.basic(*world.auth)) == 200


def test_workers_share_the_limits(serve, path):
    """Each of two workers counts by itself, up to half of a limit, so all of them keep to it."""
    two = serve("--workers", 2, "--guesses-per-address", BY_ADDRESS, "--guesses-per-account", 0)
    two.wait_for_workers(2)
    answers, seconds = attack(two, path, NOBODY, ["127.0.0.1"] * 40, 400)
    checked = [answer.status for answer in answers].count(401)
    assert BY_ADDRESS // 2 <= checked <= BY_ADDRESS + seconds * BY_ADDRESS / 60 + 2


def test_a_rate_limit_of_accounts(serve, world, path):
    """An account is served as often as the limit says, its keys included; other accounts are, too, and soon it is."""
    key = world.key["sid"], world.key["secret"]
    limited = serve("--rate-limit", 2)
    started = time.monotonic()
    answers = ask_from(limited, path, "127.0.0.1", *[world.auth, key] * 50)
    seconds = time.monotonic() - started
    statuses = [answer.status for answer in answers]
    assert statuses[:2] == [200] * 2
    assert statuses.count(200) <= 2 + seconds * 2 + 1
    refused = [answer for answer in answers if answer.status != 200]
    for answer in refused:
        check_error(answer, "too_many_requests", "fetchBinding")
    (other,) = ask_from(limited, path, "127.0.0.1", world.foreign_auth)
    check_error(other, "not_found", "fetchBinding")
    time.sleep(int(refused[-1].header("Retry-After")))
    (again,) = ask_from(limited, path, "127.0.0.1", key)
    check_documented(again, "fetchBinding")
