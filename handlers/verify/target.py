"""The target: sends requests as they are, and bears with what may happen on the way."""

import email.utils
import functools
import re
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

from .credentials import Credentials
from .facts import LARGEST_SIZE
from .http.client import Client, Kept, route_to
from .http.connection import TooLarge, TransportError, reason
from .response import Answer, Request, readable
from .violation import DeleteLost, TargetGone, Violation, fail
from .world import World

T = TypeVar("T")

TIMEOUT_S = 10.0
"""Seconds that a connection and a whole answer may take, each, unless a run says otherwise."""

_AT_ONCE = 8
_WAITS = 10
"""The number of times that a request is repeated because of a 429, or of a 503 with a Retry-After."""
_LONGEST_WAIT_S = 60.0
_PROBES = (0.0, 1.0, 3.0)
"""Seconds of pause before each attempt to find out if a target still answers."""
_GATEWAY = (502, 504)
"""Statuses of a proxy that got no answer from the server behind it."""
_LARGEST = 1 << 18
"""Bytes that an answer may have besides what the world's Bindings need."""
_A_CHARACTER = 24
"""Bytes that a character of a Binding takes at most, escaped in JSON, with its share of the URLs."""
_SEEN = 100 << 20
"""Bytes of answers that are kept to be judged at the end."""

_FOLLOWED = re.compile(r"(https?://[!-~]+)?/[!-~]*")
"""A URL with a path; one without scheme and host violates a clause of its own, and is followed nevertheless."""

_BELOW = "/v2/Services/"
"""The beginning of every path of the contract."""

Query = Iterable[tuple[str, str]]


def encode_query(query: Query) -> str:
    """Percent-encode a query: nothing but letters, digits and `-._~` stands for itself."""
    return "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in query)


class Target:
    """The server that is verified. May be used by several threads."""

    def __init__(
        self, base_url: str, world: World, context: ssl.SSLContext | None = None, timeout: float = TIMEOUT_S
    ) -> None:
        """Take the base URL, the world, whom to trust, and the seconds that a whole answer may take."""
        self.base_url = base_url.rstrip("/")
        self.public_url = ""
        """The beginning of all URLs of answers, where that is known."""
        self.world = world
        self.seen: list[Answer] = []
        """The answers, in the order in which they came."""
        self.deleted: list[str] = []
        """The SIDs of the Bindings of the world whose DELETE was answered by 204, or got no answer."""
        self._seen_bytes = 0
        self._probing = threading.Lock()
        self._answered_at = 0.0
        """The time of the last answer, by the clock of `time.monotonic`."""
        self._gone_since = 0.0
        self._origin = origin(self.base_url)
        self._lock = threading.Lock()
        self.client = Client(route_to(self.base_url, context or _default_context()), timeout, self._most_of)
        self._largest = _LARGEST + _A_CHARACTER * _longest(world, LARGEST_SIZE)
        self._largest_binding = _LARGEST + _A_CHARACTER * _longest(world, 1)

    @property
    def requests(self) -> int:
        """The number of requests sent, repeated ones included."""
        return self.client.sent

    def _most_of(self, request: Request) -> int:
        """Give the bytes that the answer to a request has at most, decoded."""
        return self._largest_binding if "/Bindings/" in request.url else self._largest

    def waits_for(self) -> str:
        """Say what the run waits for, in a few words; empty when no request is under way."""
        pause = self.client.pace.pause_left
        if pause:
            return f"the target asked for a pause, and {pause:.0f} s of it are left"
        count, oldest, seconds = self.client.oldest()
        if oldest is None:
            return ""
        return f"{count} answers; the first is {seconds:.0f} s late: {oldest.method} {readable(oldest.url)[:200]}"

    def close(self) -> None:
        """Close all connections."""
        self.client.close()

    def path(self, service: object, binding: object = None) -> str:
        """Make the path of a list or a Binding, below the base URL. SIDs stand in it as they are given."""
        path = f"/v2/Services/{getattr(service, 'sid', service)}/Bindings"
        return path if binding is None else f"{path}/{getattr(binding, 'sid', binding)}"

    def list(self, service: object, query: Query | str = (), **options: Any) -> Answer:
        """List the Bindings of a service; a query that is a text is sent as it is."""
        text = query if isinstance(query, str) else encode_query(query)
        return self.send("GET", self.path(service) + (f"?{text}" if text else ""), **options)

    def fetch(self, service: object, binding: object, query: str = "", **options: Any) -> Answer:
        """Fetch a Binding."""
        return self.send("GET", self.path(service, binding) + query, **options)

    def delete(self, service: object, binding: object, query: str = "", **options: Any) -> Answer:
        """Delete a Binding. Raises `DeleteLost` when no answer came."""
        sid = str(getattr(binding, "sid", binding))
        try:
            answer = self.send("DELETE", self.path(service, binding) + query, **options)
        except DeleteLost:
            self.deleted.append(sid)
            raise
        if answer.status < 300:
            self.deleted.append(sid)
        return answer

    def follow(self, url: str, *given_by: Answer, **options: Any) -> Answer:
        """Follow a URL that the target gave: on another origin, its path and query are tried on the base URL.

        Raises `Violation` when it is none that could be followed.
        """
        if not _FOLLOWED.fullmatch(url):
            fail("a URL to follow, absolute and in ASCII", f"a text of {len(url)} characters that is none", *given_by)
        return self.send("GET", self.below(url), **options)

    def below(self, url: str) -> str:
        """Turn a URL of the target into one that gets its credentials: of the base URL's origin, whatever its own."""
        if origin(url) == self._origin:
            return url
        parts = urlsplit(url)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        if origin(url) is not None and _BELOW in path:
            return path[path.index(_BELOW) :]  # a public host may have a prefix of its own
        prefix = urlsplit(self.base_url).path
        return path[len(prefix) :] if prefix and path.startswith(f"{prefix}/") else path

    def is_below(self, url: str) -> bool:
        """Tell whether a URL is on the origin of the base URL."""
        return origin(url) == self._origin

    def send(
        self,
        method: str,
        where: str,
        *,
        credentials: Credentials | str | None = "own",
        headers: Sequence[tuple[str, str]] = (),
        body: bytes = b"",
        scheme: str = "",
        is_odd: bool = False,
        on_one_connection: bool = False,
    ) -> Answer:
        """Send a request to a path below the base URL, or to an absolute URL of its origin, exactly as it is given.

        Account A's credentials go with it unless others, or None, are given. A request that gets no answer is made once
        more, but never a DELETE; one that the server delays is repeated after that time. Raises `Violation` when it
        gets no answer though others do, and `TargetGone` when nothing is answered any more.
        """
        request = self.request(method, where, credentials, headers, body, is_odd=is_odd, scheme=scheme)
        kept = self.client.own() if on_one_connection else None
        for _ in range(_WAITS):
            answer = self._send(request, kept)
            wait = _wait(answer)
            if wait is None:
                break
            self.client.pace.pause(wait)
        return answer

    def request(
        self,
        method: str,
        where: str,
        credentials: Credentials | str | None = "own",
        headers: Sequence[tuple[str, str]] = (),
        body: bytes = b"",
        *,
        is_odd: bool = False,
        scheme: str = "",
    ) -> Request:
        """Make a request as it is sent."""
        own = self.world.credentials if isinstance(credentials, str) else credentials
        url = where if origin(where) == self._origin else self.base_url + where
        return Request(method, url, own, tuple(headers), body, is_odd, scheme)

    def send_once(self, method: str, where: str) -> Answer:
        """Send a request once. Raises `TransportError` when that is no answer."""
        return self._send_once(self.request(method, where))

    def together(self, calls: Iterable[Callable[[], T]], at_once: int = _AT_ONCE) -> Sequence[T]:
        """Make calls at the same time, some at once. Gives what they return, in their order.

        Raises the first error in their order; calls that have not begun by then are left out.
        """
        wanted = list(calls)
        futures = [Future[T]() for _ in wanted]
        pending = deque(zip(wanted, futures, strict=True))
        for _ in range(min(at_once, len(wanted))):
            threading.Thread(target=copy_context().run, args=(_make, pending), daemon=True).start()
        try:
            return [future.result() for future in futures]
        finally:
            pending.clear()

    def see(self, answer: Answer) -> None:
        """Keep an answer, to be judged at the end, unless there is too much to keep already."""
        with self._lock:
            self._seen_bytes += len(answer.body)
            if self._seen_bytes <= _SEEN:
                self.seen.append(answer)

    def _send(self, request: Request, kept: Kept | None) -> Answer:
        try:
            answer = self._send_once(request, kept)
            if answer.status not in _GATEWAY:
                return answer
            self._forget(answer)
            if request.method == "DELETE":
                raise DeleteLost(f"a gateway lost the answer to a DELETE: status {answer.status}", answer)
        except TransportError as error:
            if request.method == "DELETE":
                self._probe(request)
                message = f"the answer to a DELETE was lost: {reason(error)}"
                raise DeleteLost(message, no_answer(request)) from error
        try:
            return self._send_once(request, kept)
        except TransportError as error:
            self._probe(request)
            raise Violation(
                "an answer",
                f"none, twice ({reason(error)}), while another request is answered",
                no_answer(request, reason(error)),
            ) from error

    def _send_once(self, request: Request, kept: Kept | None = None) -> Answer:
        # a DELETE cannot be repeated: none is lost because a kept connection has come to its end
        fresh = Kept() if request.method == "DELETE" and kept is None else kept
        try:
            answer = self.client.send(request, fresh)
        except TooLarge as error:
            raise Violation("an answer of a sensible length", str(error), no_answer(request, str(error))) from error
        finally:
            if fresh is not kept and fresh:
                fresh.pop().close()
        self._answered_at = time.monotonic()
        self.see(answer)
        return answer

    def _forget(self, answer: Answer) -> None:
        """Forget an answer that is not the target's."""
        with self._lock, suppress(ValueError):
            self.seen.remove(answer)

    def _probe(self, failed: Request) -> None:
        """Raise `TargetGone` unless the target answers one of the simplest requests, or has answered any just now."""
        began = time.monotonic()
        with self._probing:
            if self._gone_since and self._gone_since > self._answered_at:
                raise self._gone()
            if self._answered_at > began:
                return
            there = self.world.rich.bindings[0]
            paths = (self.path(self.world.rich) + "?PageSize=1", self.path(self.world.rich, there), "/")
            requests = [Request("GET", self.base_url + path, self.world.credentials, is_odd=True) for path in paths]
            for pause in _PROBES:
                time.sleep(pause)
                calls = [partial(self._is_answered, each) for each in requests if each.url != failed.url]
                if any(self.together(calls)):
                    return
            self._gone_since = time.monotonic()
            raise self._gone()

    def _gone(self) -> TargetGone:
        """Name the first request without an answer after the last one that got any."""
        exchanges = self.client.exchanges()
        answered = max((number for number, each in enumerate(exchanges) if each.status), default=-1)
        lost = exchanges[answered + 1 :]
        message = f"{self.base_url} does not answer any more"
        if lost:
            first = min(lost, key=lambda each: each.began)
            clauses = ", ".join(sorted({each.clause for each in lost if each.clause}))
            message += f" since {first.request.method} {readable(first.request.url)[:200]} ({first.answer})"
            message += f"; clauses under way: {clauses}" if clauses else ""
        return TargetGone(message)

    def _is_answered(self, request: Request) -> bool:
        kept = Kept()
        try:
            self.see(self.client.send(request, kept, is_urgent=True))
        except TransportError:
            return False
        except TooLarge:
            pass
        finally:
            for connection in kept:
                connection.close()
        self._answered_at = time.monotonic()
        return True


def _make(pending: deque[tuple[Callable[[], T], Future[T]]]) -> None:
    """Make calls as long as there are any."""
    while True:
        try:
            call, future = pending.popleft()
        except IndexError:
            return
        try:
            future.set_result(call())
        except BaseException as error:  # noqa: BLE001 - raised in whoever waits for it
            future.set_exception(error)


@functools.cache
def _default_context() -> ssl.SSLContext:
    """Load the certificates that are trusted by default: read once, for it takes a while."""
    return ssl.create_default_context()


def no_answer(request: Request, why: str = "") -> Answer:
    """Give what stands for an answer that did not come."""
    return Answer(request, 0, (), b"", why)


def origin(url: str) -> tuple[str, str, int] | None:
    """Scheme, host and port of a URL; None for what is no absolute URL."""
    try:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            return None
        return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}[parts.scheme]
    except ValueError:
        return None


def _wait(answer: Answer) -> float | None:
    """Return the seconds that an answer asks to wait before the request is repeated."""
    wanted = answer.header("retry-after")
    if answer.status == 429:
        return min(_seconds(wanted) if wanted else 1.0, _LONGEST_WAIT_S)
    if answer.status == 503 and wanted and answer.request.method != "DELETE":
        return min(_seconds(wanted), _LONGEST_WAIT_S)
    return None


def _seconds(value: str) -> float:
    if value.strip().isdecimal():
        return float(value)
    with suppress(ValueError):
        return max(email.utils.parsedate_to_datetime(value).timestamp() - time.time(), 0.0) + 1.0
    return 1.0


def _longest(world: World, count: int) -> int:
    """Count the characters that so many Bindings of a service have, at most."""
    services = [service for account in world.accounts for service in account.services]
    lengths = [[100 + len(each.identity) * 3 + len(each.endpoint) for each in one.bindings] for one in services]
    return max((sum(sorted(each, reverse=True)[:count]) for each in lengths), default=0)
