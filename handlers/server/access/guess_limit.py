"""Brute-force protection. Counts wrong credentials per address and per user; past either limit the answer is 429.

The limit is checked before the credentials: a 429 reveals neither whether they are right nor whether the user exists.
An attacker cannot lock a user out for good:

- Credentials that were right within a day from the same address are always checked.
- A user name that was right within a day from the same address counts for that address alone, not for the user.
- Every other guess counts for both. A right guess resets no count: one good key would cover any number of guesses. A
  full count still admits one guess at a time, at its rate, so that a client that retries gets in.

An attacker behind the same address as a client, in one NAT, can distinguish that client's credentials from wrong ones.
The alternative would lock the client out.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.types import Scope
from throttled import per_min

from ...storage.interface import Storage
from ..errors import ApiError
from .authentication import Authenticator, parse_basic
from .proxies import Peers, TrustedProxies
from .throttling import Throttling
from .token_bucket import Limit, key, memory, too_many_requests

_LATELY = 86_400
"""Seconds for which credentials count as right lately."""


class GuessLimit:
    """A limit on wrong guesses by key. A guess counts while it is checked, so that simultaneous ones cannot all pass.

    Equal guesses count once meanwhile: they reveal no more than one, and a client may send a thousand requests at once.
    """

    def __init__(self, a_minute: int) -> None:
        self._limit = Limit(per_min(a_minute, burst=a_minute))
        self._checked: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def wait(self, key: str, guess: str) -> int:
        """Return the seconds to wait before a guess; 0 where it may pass."""
        checked = self._checked.get(key, Counter())
        others = len(checked) - (guess in checked)
        return 0 if self._limit.left(key) > others else self._limit.wait(key)

    def begin(self, key: str, guess: str) -> None:
        """Count a guess while it is checked."""
        self._checked[key][guess] += 1

    def end(self, key: str, guess: str) -> None:
        """End the check of a guess."""
        guesses = self._checked[key]
        guesses[guess] -= 1
        if not guesses[guess]:
            del guesses[guess]
        if not guesses:
            del self._checked[key]

    def count(self, key: str) -> None:
        """Count a wrong guess."""
        self._limit.count(key)


class Guesses:
    """The guesses so far, by address and by user."""

    def __init__(self, throttling: Throttling) -> None:
        self._by_address = _limit(throttling.guesses_per_address)
        self._by_user = _limit(throttling.guesses_per_account)
        self._right = memory()

    @contextmanager
    def guess(self, address: str, user_name: str, password_sha256: str) -> Iterator[None]:
        """Guard a check of credentials; an `ApiError` in the block means that they are wrong.

        Raises `ApiError("too_many_requests")` where a limit is reached.
        """
        here, these = key(address, user_name), key(address, user_name, password_sha256)
        limits = self._limits(key(address), key(user_name), here, these)
        wait = max((limit.wait(name, these) for limit, name in limits), default=0)
        if wait:
            raise too_many_requests(wait)
        for limit, name in limits:
            limit.begin(name, these)
        try:
            yield
        except ApiError:
            for limit, name in limits:
                limit.count(name)
            if self._right.get(these):  # they were rotated or deleted
                self._right.set(these, 0, _LATELY)
            raise
        else:
            for right in (here, these):
                self._right.set(right, 1, _LATELY)
        finally:
            for limit, name in limits:
                limit.end(name, these)

    def _limits(self, address: str, user_name: str, here: str, these: str) -> list[tuple[GuessLimit, str]]:
        if self._right.get(these):
            return []
        by_user = None if self._right.get(here) else self._by_user
        return [(limit, name) for limit, name in ((self._by_address, address), (by_user, user_name)) if limit]


class GuardedAuthenticator(Authenticator):
    """Identifies accounts and limits guesses. Cached credentials count for their address alone."""

    def __init__(self, storage: Storage, throttling: Throttling, peers: Peers) -> None:
        super().__init__(storage, peers.of)
        self._throttling = throttling
        self._guesses = Guesses(throttling)

    def forget(self) -> None:
        super().forget()
        self._guesses = Guesses(self._throttling)

    async def account_sid(self, value: bytes, scope: Scope) -> str:
        user_name, password_sha256 = parse_basic(value)
        peer = self._peer_of(scope)
        with self._guesses.guess(peer, user_name, password_sha256):
            return await self._look(user_name, password_sha256, (peer, value))


def authenticator_of(storage: Storage, throttling: Throttling, trusted: TrustedProxies) -> Authenticator:
    """Make the authenticator of a service, with limits on guesses where they are set."""
    if throttling.guesses_per_address or throttling.guesses_per_account:
        return GuardedAuthenticator(storage, throttling, Peers(trusted))
    return Authenticator(storage)


def _limit(a_minute: int) -> GuessLimit | None:
    return GuessLimit(a_minute) if a_minute else None
