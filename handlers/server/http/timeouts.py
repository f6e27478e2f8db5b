"""Patience with clients: what each connection waits for is looked at once a second, and costs a request nothing."""

from asyncio import AbstractEventLoop, TimerHandle
from collections.abc import Set as AbstractSet
from enum import Enum
from typing import Any, NamedTuple, Protocol
from weakref import WeakKeyDictionary

from uvicorn.server import ServerState

from .limits import Limits

_PERIOD = 1.0
"""Seconds from one look to the next."""


class Waiting(Enum):
    """What a connection waits for its client to do."""

    HEAD = "send the rest of a head, or begin"
    BODY = "send the rest of a body"
    RESPONSE = "read what was sent to it"
    REQUEST = "ask again"


class Seen(NamedTuple):
    """What a connection was seen to wait for. `mark` is the request that it is about, and `since` a loop's time."""

    waiting: Waiting
    mark: object
    since: float


class Patient(Protocol):
    """A connection that can say what it waits for."""

    seen: Seen | None

    def waits_for(self) -> tuple[Waiting, object] | None:
        """What it waits for, and the request that it is about; None while the service has to act."""

    def expire(self, waiting: Waiting) -> None:
        """End it: its client took too long."""


class Patience:
    """Looks at all connections of a worker, as long as there are any."""

    def __init__(self, connections: AbstractSet[Any], loop: AbstractEventLoop, limits: Limits) -> None:
        self._connections = connections
        self._loop = loop
        self._timer: TimerHandle | None = None
        self._bounds = {
            Waiting.HEAD: limits.head_timeout,
            Waiting.BODY: limits.body_timeout,
            Waiting.RESPONSE: limits.response_timeout,
            Waiting.REQUEST: limits.idle_timeout,
        }

    def begin(self) -> None:
        """See to it that connections are looked at from now on."""
        if self._timer is None:
            self._timer = self._loop.call_later(_PERIOD, self._look)

    def _look(self) -> None:
        self._timer = None
        now = self._loop.time()
        try:
            for connection in tuple(self._connections):
                self._look_at(connection, now)
        finally:  # asyncio logs an exception, which must not end the looks
            if self._connections:
                self.begin()

    def _look_at(self, connection: Patient, now: float) -> None:
        waits, seen = connection.waits_for(), connection.seen
        if waits is None:
            connection.seen = None
        elif seen is None or seen.waiting is not waits[0] or seen.mark is not waits[1]:
            connection.seen = Seen(*waits, now)
        elif now - seen.since >= self._bounds[seen.waiting]:
            connection.expire(seen.waiting)


_opening: WeakKeyDictionary[ServerState, set[object]] = WeakKeyDictionary()


def opening(state: ServerState) -> set[object]:
    """The connections of a server that have yet to agree upon TLS: each adds and removes itself."""
    return _opening.setdefault(state, set())


_patience: WeakKeyDictionary[ServerState, Patience] = WeakKeyDictionary()


def look_after(state: ServerState, loop: AbstractEventLoop, limits: Limits) -> None:
    """Have the connections of a server looked at."""
    if state not in _patience:
        _patience[state] = Patience(state.connections, loop, limits)
    _patience[state].begin()
