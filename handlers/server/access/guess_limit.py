"""Brute-force protection. Counts wrong credentials per address and per user; past either limit the answer is 429.

The limit is checked before the credentials: a 429 tells nothing about them, nor whether there is such a user. An
attacker cannot lock anybody out for ever:

- Credentials that were right lately from the same address are always checked: whoever is in stays in.
- A user name that was right lately from the same address is counted with that address alone, whoever else guesses it.
- Everything else is counted with both. What is right resets no count, or one good key would cover any number of
  guesses; but a full count lets one more through again and again, so a client that keeps asking gets in, and is in.

An attacker behind the same address as a client, in one NAT say, is not kept from telling that client's credentials from
others. The alternative is worse: it would lock the client out.
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
"""For how many seconds it counts that credentials were right."""


class Gate:
    """Counts guesses that were wrong, for each key; one that is being checked counts until it is known to be right.

    Otherwise all that come at the same moment would pass. The same guess counts once meanwhile, since it tells no more
    than once: a client may ask a thousand times at the same moment.
    """

    def __init__(self, a_minute: int) -> None:
        self._limit = Limit(per_min(a_minute, burst=a_minute))
        self._checked: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def wait(self, key: str, guess: str) -> int:
        """Return the seconds to wait before a guess; 0 when it may pass."""
        checked = self._checked.get(key, Counter())
        others = len(checked) - (guess in checked)
        return 0 if self._limit.left(key) > others else self._limit.wait(key)

    def begin(self, key: str, guess: str) -> None:
        """Begin to check a guess."""
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
        """Count a guess that was wrong."""
        self._limit.count(key)


class Guesses:
    """The guesses so far, by address and by user."""

    def __init__(self, throttling: Throttling) -> None:
        self._by_address = _gate(throttling.guesses_per_address)
        self._by_user = _gate(throttling.guesses_per_account)
        self._right = memory()

    @contextmanager
    def guess(self, address: str, user_name: str, password_sha256: str) -> Iterator[None]:
        """Guard a check of credentials; an `ApiError` in the block means that they are wrong.

        Raises `ApiError("too_many_requests")` when they must not be.
        """
        here, these = key(address, user_name), key(address, user_name, password_sha256)
        gates = self._gates(key(address), key(user_name), here, these)
        wait = max((gate.wait(name, these) for gate, name in gates), default=0)
        if wait:
            raise too_many_requests(wait)
        for gate, name in gates:
            gate.begin(name, these)
        try:
            yield
        except ApiError:
            for gate, name in gates:
                gate.count(name)
            if self._right.get(these):  # they were rotated or deleted
                self._right.set(these, 0, _LATELY)
            raise
        else:
            for right in (here, these):
                self._right.set(right, 1, _LATELY)
        finally:
            for gate, name in gates:
                gate.end(name, these)

    def _gates(self, address: str, user_name: str, here: str, these: str) -> list[tuple[Gate, str]]:
        if self._right.get(these):
            return []
        by_user = None if self._right.get(here) else self._by_user
        return [(gate, name) for gate, name in ((self._by_address, address), (by_user, user_name)) if gate]


class GuardedAuthenticator(Authenticator):
    """Identifies accounts, and limits guesses. What is remembered counts for its address alone."""

    def __init__(self, storage: Storage, throttling: Throttling, peers: Peers) -> None:
        super().__init__(storage)
        self._throttling = throttling
        self._guesses = Guesses(throttling)
        self._peers = peers

    def forget(self) -> None:
        super().forget()
        self._guesses = Guesses(self._throttling)

    def remembered(self, value: bytes, scope: Scope) -> str | None:
        return super().remembered(_sent_from(self._peers.of(scope), value), scope)

    async def account_sid(self, value: bytes, scope: Scope) -> str:
        user_name, password_sha256 = parse_basic(value)
        peer = self._peers.of(scope)
        with self._guesses.guess(peer, user_name, password_sha256):
            return await self._look(user_name, password_sha256, _sent_from(peer, value))


def authenticator_of(storage: Storage, throttling: Throttling, trusted: TrustedProxies) -> Authenticator:
    """Make the authenticator of a service; it counts guesses where they are limited."""
    if throttling.guesses_per_address or throttling.guesses_per_account:
        return GuardedAuthenticator(storage, throttling, Peers(trusted))
    return Authenticator(storage)


def _sent_from(peer: str, value: bytes) -> bytes:
    return value + b"\0" + peer.encode()  # no header holds a NUL


def _gate(a_minute: int) -> Gate | None:
    return Gate(a_minute) if a_minute else None
