"""Client timeouts. One timer checks all connections every second, so requests pay nothing."""

from asyncio import AbstractEventLoop, TimerHandle
from collections.abc import Set as AbstractSet
from enum import Enum
from typing import Any, NamedTuple, Protocol
from weakref import WeakKeyDictionary

from uvicorn.server import ServerState

from .limits import Limits

_PERIOD = 1.0
"""Seconds between checks."""


class Waiting(Enum):
    """An action of the client that a connection waits for."""

    HEAD = "send the rest of a head, or begin"
    BODY = "send the rest of a body"
    RESPONSE = "read the response"
    REQUEST = "send another request"


class Wait(NamedTuple):
    """A wait that a check found. `request` is the request concerned, and `since` the loop's time of that check."""

    waiting: Waiting
    request: object
    since: float


class TimedConnection(Protocol):
    """A connection with timeouts."""

    wait: Wait | None

    def waits_for(self) -> tuple[Waiting, object] | None:
        """Return the client's next action and its request; None while the service acts."""

    def expire(self, waiting: Waiting) -> None:
        """End the connection, whose client took too long."""


class ClientTimeouts:
    """The timer of a worker's connections, which runs while there are any."""

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
        """Start the timer, unless it runs."""
        if self._timer is None:
            self._timer = self._loop.call_later(_PERIOD, self._check_all)

    def _check_all(self) -> None:
        self._timer = None
        now = self._loop.time()
        try:
            for connection in tuple(self._connections):
                self._check(connection, now)
        finally:  # asyncio logs an exception, which must not stop the timer
            if self._connections:
                self.begin()

    def _check(self, connection: TimedConnection, now: float) -> None:
        current, last = connection.waits_for(), connection.wait
        if current is None:
            connection.wait = None
        elif last is None or last.waiting is not current[0] or last.request is not current[1]:
            connection.wait = Wait(*current, now)
        elif now - last.since >= self._bounds[last.waiting]:
            connection.expire(last.waiting)


_opening: WeakKeyDictionary[ServerState, set[object]] = WeakKeyDictionary()


def opening(state: ServerState) -> set[object]:
    """Return the connections of a server that are in the TLS handshake: each adds and removes itself."""
    return _opening.setdefault(state, set())


_timeouts: WeakKeyDictionary[ServerState, ClientTimeouts] = WeakKeyDictionary()


def watch(state: ServerState, loop: AbstractEventLoop, limits: Limits) -> None:
    """Apply the timeouts to the connections of a server."""
    if state not in _timeouts:
        _timeouts[state] = ClientTimeouts(state.connections, loop, limits)
    _timeouts[state].begin()
