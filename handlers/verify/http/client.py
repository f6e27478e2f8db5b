"""The HTTP client of a run: sends requests exactly as they are given, some at once, and keeps connections."""

import ipaddress
import os
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import replace
from typing import NamedTuple
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from ..response import Answer, Request
from .connection import Connection, Headers, Outgoing, Proxy, Received, Route, TooLarge, TransportError
from .pace import Pace

AT_ONCE = 32
"""Requests that are under way at the same time, at most."""

_DEFAULTS: Headers = (
    ("Accept", "application/json"),
    ("Accept-Encoding", "gzip, deflate"),
    ("User-Agent", "chat-bindings-verify"),
)
_SLOW = 0.25
"""The part of the deadline from which on an answer is slow."""

_REMEMBERED = 500

CLAUSE: ContextVar[str] = ContextVar("CLAUSE", default="")
"""The id of the clause that is being checked; threads that send for it inherit it."""


class Exchange(NamedTuple):
    """A request that went out, and what came of it."""

    clause: str
    began: float
    """By the clock of `time.monotonic`."""
    request: Request
    status: int
    """0 where no answer came."""
    answer: str
    """The status, or why there is none."""


Kept = list[Connection]
"""Connections that wait for another request."""


class Client:
    """Sends requests to one origin. May be used by several threads."""

    def __init__(self, route: Route, timeout: float, most_of: Callable[[Request], int]) -> None:
        """Take the way to the target, and the bounds of a connection and of a whole answer: seconds, and bytes."""
        self.route = route
        self._most_of = most_of
        self.timeout = timeout
        self.pace = Pace(AT_ONCE, timeout * _SLOW)
        self.started = time.monotonic()
        self.sent = 0
        """The number of requests sent."""
        self.history: deque[Exchange] = deque(maxlen=_REMEMBERED)
        """The last exchanges, in the order in which they ended."""
        self._kept: Kept = []
        self._all_kept = [self._kept]
        self._is_closed = False
        """Whether threads that are still sending close what they used."""
        self._own = threading.local()
        self._under_way: dict[int, Exchange] = {}
        self._lock = threading.Lock()

    def send(self, request: Request, kept: Kept | None = None, *, is_urgent: bool = False) -> Answer:
        """Send a request, on one of some connections, and receive its answer.

        What is urgent does not wait for its turn. Raises `TransportError` when no answer comes, and `TooLarge`.
        """
        shared = self._kept if kept is None else kept
        with (
            nullcontext() if is_urgent else self.pace.turn(),
            self._track(request, is_remembered=not is_urgent) as note,
        ):
            connection = self._take(shared)
            if connection is not None:
                try:
                    return note(self._exchange(connection, request, shared))
                except TransportError as error:
                    if not error.is_unused or request.method == "DELETE":
                        raise
            return note(self._exchange(Connection(self.route, self.timeout), request, shared))

    def own(self) -> Kept:
        """Give the connections that this thread alone uses."""
        if not hasattr(self._own, "kept"):
            self._own.kept = Kept()
            with self._lock:
                self._all_kept.append(self._own.kept)
        found: Kept = self._own.kept
        return found

    def converse(
        self, requests: list[Request], surplus_within: float
    ) -> Generator[tuple[Answer, Received], None, None]:
        """Send requests on one new connection, one after another, as long as it goes on.

        Each answer comes with what was received, bytes beyond it included. Raises `TransportError` and `TooLarge`.
        """
        with self.pace.turn():
            connection = Connection(self.route, self.timeout)
            try:
                for request in requests:
                    with self._track(request) as note:
                        received = connection.exchange(
                            _sent(request), self.timeout, self._most_of(request), surplus_within=surplus_within
                        )
                        answer = note(_answer(request, received))
                    yield answer, received
                    if not connection.is_fit:
                        return
            finally:
                connection.close()

    def close(self) -> None:
        """Close all connections that are kept."""
        with self._lock:
            self._is_closed = True
            for kept in self._all_kept:
                while kept:
                    kept.pop().close()

    def oldest(self) -> tuple[int, Request | None, float]:
        """Tell how many requests are under way, and of the oldest one for how many seconds."""
        under_way = list(self._under_way.values())
        if not under_way:
            return 0, None, 0.0
        first = min(under_way, key=lambda each: each.began)
        return len(under_way), first.request, time.monotonic() - first.began

    def exchanges(self) -> list[Exchange]:
        """List the last exchanges: those that ended, in the order of their ends, and then those under way."""
        with self._lock:
            return [*self.history, *self._under_way.values()]

    @contextmanager
    def _track(self, request: Request, *, is_remembered: bool = True) -> Iterator[Callable[[Answer], Answer]]:
        """Count a request as under way, and remember what comes of it: the answer that is noted, or the error."""
        key, began, status = threading.get_ident(), time.monotonic(), 0
        with self._lock:
            self.sent += 1
            self._under_way[key] = Exchange(CLAUSE.get(), began, request, 0, "none yet")

        def note(answer: Answer) -> Answer:
            nonlocal status
            status = answer.status
            return replace(answer, began=began)

        outcome = "none"
        try:
            yield note
        except (TransportError, TooLarge) as error:
            outcome = str(error)
            raise
        finally:
            with self._lock:
                del self._under_way[key]
                if is_remembered:
                    self.history.append(
                        Exchange(CLAUSE.get(), began, request, status, str(status) if status else outcome)
                    )

    def _take(self, kept: Kept) -> Connection | None:
        while True:
            with self._lock:
                if not kept:
                    return None
                connection = kept.pop()
            if connection.is_fit:
                return connection
            connection.close()

    def _exchange(self, connection: Connection, request: Request, kept: Kept) -> Answer:
        is_kept = False
        try:
            received = connection.exchange(_sent(request), self.timeout, self._most_of(request))
            is_kept = connection.is_fit
        finally:
            with self._lock:
                if is_kept and not self._is_closed:
                    kept.append(connection)
                else:
                    connection.close()
        return _answer(request, received)


def route_to(base_url: str, context: ssl.SSLContext) -> Route:
    """Choose the way to the origin of a base URL: through the proxy of the environment, unless it is this machine."""
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    return Route(parts.scheme, host, port, context, _proxy(parts.scheme, host))


def _proxy(scheme: str, host: str) -> Proxy | None:
    url = getproxies().get(scheme)
    if not url or is_loopback(host) or proxy_bypass(host):
        return None
    variable = next((name for name, value in os.environ.items() if name.lower() == f"{scheme}_proxy" and value), "")
    return Proxy(url if "://" in url else f"http://{url}", variable)


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _sent(request: Request) -> Outgoing:
    headers = list(request.headers)
    names = {name.lower() for name, _ in headers}
    headers = [*(default for default in _DEFAULTS if default[0].lower() not in names), *headers]
    if request.credentials is not None:
        headers.append(("Authorization", request.authorization))
    scheme = urlsplit(request.url).scheme
    return Outgoing(
        request.method, request.url[request.url.index("/", len(scheme) + 3) :], tuple(headers), request.body
    )


def _answer(request: Request, received: Received) -> Answer:
    return Answer(request, received.status, received.headers, received.body)
