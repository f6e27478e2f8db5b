"""The limits by themselves: the address that counts, the bounds of memory, and concurrent requests."""

from contextlib import ExitStack
from ipaddress import ip_network

import pytest
from throttled import per_min

from chat_bindings.server.access import token_bucket
from chat_bindings.server.access.guess_limit import Guesses
from chat_bindings.server.access.proxies import Peers, TrustedProxies
from chat_bindings.server.access.throttling import Throttling
from chat_bindings.server.access.token_bucket import Limit, key, memory
from chat_bindings.server.errors import ApiError

PROXIES = [ip_network("10.0.0.0/8"), ip_network("fd00::/8")]


def peer(address: str | None, *forwarded: str, trusted=()) -> str:
    """Return the peer of a request from an address, with `X-Forwarded-For` as it came."""
    headers = [(b"x-forwarded-for", value.encode("latin-1")) for value in forwarded]
    return Peers(TrustedProxies(trusted)).of({"client": address and (address, 1), "headers": headers})


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        (None, ""),
    ],
)
def test_a_peer_is_an_address_or_a_network(address, counted):
    """IPv4 counts by address, also as IPv6 writes it, and IPv6 by its /64: who has one has all of its addresses."""
    assert peer(address, "198.51.100.1") == counted


@pytest.mark.parametrize(
    ("forwarded", "counted"),
    [
        ((), "10.0.0.1"),
        (("198.51.100.1, 192.0.2.1",), "192.0.2.1"),
        (("198.51.100.1", "192.0.2.1"), "192.0.2.1"),
        (("198.51.100.1, 192.0.2.1, 10.9.9.9, fd00::7",), "192.0.2.1"),
        (("192.0.2.1:4711",), "192.0.2.1"),
        (("[2001:db8::1]:4711",), "2001:db8::/64"),
        (("192.0.2.1, unknown",), "10.0.0.1"),
        (("192.0.2.1, unknown, 10.0.0.2",), "10.0.0.2"),
        (("10.0.0.3, 10.0.0.2",), "10.0.0.3"),
        (("\xff\xfe, ",), "10.0.0.1"),
    ],
)
def test_behind_proxies_the_first_that_is_not_trusted_counts(forwarded, counted):
    """From the right: each trusted proxy's word is taken, and nothing that stands left of a client that is none."""
    assert peer("10.0.0.1", *forwarded, trusted=PROXIES) == counted
    assert peer("192.0.2.9", *forwarded, trusted=PROXIES) == "192.0.2.9"


def test_workers_have_a_share_each():
    """The limits of all workers together are the given ones, rounded up; no limit stays none."""
    assert Throttling(600, 7, 0).among(1) == Throttling(600, 7, 0)
    assert Throttling(600, 7, 0).among(4) == Throttling(150, 2, 0)
    assert Throttling(1, 1, 1).among(256) == Throttling(1, 1, 1)


def test_a_limit_says_how_long_to_wait():
    """A used-up limit comes back one by one, and the wait is until the next one, not more."""
    limit = Limit(per_min(6, burst=6))
    assert [limit.count("x") for _ in range(8)] == [True] * 6 + [False] * 2
    assert limit.left("x") == 0
    assert limit.wait("x") == 10
    assert (limit.left("y"), limit.wait("y")) == (6, 1)


def test_memory_is_bounded(monkeypatch):
    """Of a flood of user names and addresses, each as long as it likes, only the latest are kept."""
    assert {len(key("x" * length)) for length in (1, 1000)} == {32}
    assert memory()._backend.max_size < 100_000  # noqa: SLF001 - to look inside
    kept = 500
    monkeypatch.setattr(token_bucket, "_KEPT", kept)
    guesses = Guesses(Throttling(5, 5))
    for number in range(kept + 100):
        with pytest.raises(ApiError), guesses.guess(f"address {number}", f"user {number}", "guess"):
            raise ApiError("unauthorized")
    for gate in (guesses._by_address, guesses._by_user):  # noqa: SLF001
        backend = gate._limit._limiter._store._backend  # noqa: SLF001
        assert len(backend.get_client()) == len(backend.expire_info) == kept
        assert not gate._checked  # noqa: SLF001
    assert not guesses._right._backend.get_client()  # noqa: SLF001


def test_guesses_under_way_count():
    """As many different guesses as are left are checked at the same moment; equal ones count once."""
    guesses = Guesses(Throttling(guesses_per_account=5, guesses_per_address=0))
    with ExitStack() as under_way:
        for number in range(5):
            for _ in range(3):
                under_way.enter_context(guesses.guess(f"address {number}", "user", f"guess {number}"))
        with pytest.raises(ApiError, match="too_many_requests"), guesses.guess("another", "user", "another"):
            pytest.fail("it was checked")
        with guesses.guess("another", "another user", "another"):
            pass
    with guesses.guess("another", "user", "another"):
        pass


def test_a_database_that_is_away_is_no_guess():
    """A guess that could not be checked counts neither as wrong nor as right."""
    guesses = Guesses(Throttling(1, 1))
    for _ in range(3):
        with pytest.raises(OSError, match="away"), guesses.guess("address", "user", "guess"):
            raise OSError("away")
    with pytest.raises(ApiError, match="unauthorized"), guesses.guess("address", "user", "guess"):
        raise ApiError("unauthorized")
    with pytest.raises(ApiError, match="too_many_requests"), guesses.guess("address", "user", "guess"):
        pytest.fail("it was checked, as if it had been right before")


def test_right_credentials_reset_no_count():
    """One good key covers no guesses at other users: its address is refused all the same."""
    guesses = Guesses(Throttling(100, 5))
    refused = 0
    for number in range(20):
        with guesses.guess("address", "mine", "right"):
            pass
        try:
            with guesses.guess("address", "yours", f"guess {number}"):
                raise ApiError("unauthorized")
        except ApiError as fault:
            refused += fault.name == "too_many_requests"
    assert refused == 15
