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
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx2

from .answer import Answer, Request
from .credentials import Credentials
from .judge import DeleteLost, TargetGone, Violation, violated
from .world import World

T = TypeVar("T")

AT_ONCE = 8
"""Requests that are under way at the same time, at most."""

_CONNECT_S = 10.0
_READ_S = 30.0
_WAITS = 10
"""How often a request is made again because of a 429, or of a 503 with a Retry-After."""
_LONGEST_WAIT_S = 60.0
_GATEWAY = (502, 504)
"""What a proxy says when it got no answer from the server behind it."""

_FOLLOWED = re.compile(r"(https?://[!-~]+)?/[!-~]*")
"""A URL with a path; one without scheme and host is told by its own clause, and followed nevertheless."""

_BELOW = "/v2/Services/"
"""What every path of the contract begins with."""

Query = Iterable[tuple[str, str]]


def encoded(query: Query) -> str:
    """A query, percent-encoded: nothing but letters, digits and `-._~` stands for itself."""
    return "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in query)


class Target:
    """The server that is verified. May be used by several threads."""

    def __init__(self, base_url: str, world: World, context: ssl.SSLContext | None = None) -> None:
        self.base_url = base_url.rstrip("/")
        self.world = world
        self.seen: list[Answer] = []
        """All answers, in the order in which they came."""
        self.requests = 0
        self.deleted: list[str] = []
        """The SIDs of the Bindings of the world whose DELETE was answered by 204, or got no answer."""
        self._origin = origin(self.base_url)
        self._lock = threading.Lock()
        self.context = context or _trusted()
        self.is_proxied = _proxy(self.base_url) is not None
        self._client = self._connect()
        self._single = self._connect(connections=1)
        self._fresh = self._connect(kept=0)
        """For DELETEs, which cannot be repeated: none is lost because a kept connection has come to its end."""

    def close(self) -> None:
        """Close all connections."""
        self._client.close()
        self._single.close()
        self._fresh.close()

    def path(self, service: object, binding: object = None) -> str:
        """The path of a list or a Binding, below the base URL. SIDs stand in it as they are given."""
        path = f"/v2/Services/{getattr(service, 'sid', service)}/Bindings"
        return path if binding is None else f"{path}/{getattr(binding, 'sid', binding)}"

    def list(self, service: object, query: Query | str = (), **options: Any) -> Answer:
        """List the Bindings of a service; a query that is a text is sent as it is."""
        text = query if isinstance(query, str) else encoded(query)
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
            violated(
                "a URL to follow, absolute and in ASCII", f"a text of {len(url)} characters that is none", *given_by
            )
        return self.send("GET", self.below(url), **options)

    def below(self, url: str) -> str:
        """A URL of the target as one that gets its credentials: of the base URL's origin, whatever the URL's own."""
        if origin(url) == self._origin:
            return url
        parts = urlsplit(url)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        if origin(url) is not None and _BELOW in path:
            return path[path.index(_BELOW) :]  # a public host may have a prefix of its own
        prefix = urlsplit(self.base_url).path
        return path[len(prefix) :] if prefix and path.startswith(f"{prefix}/") else path

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
        more, but never a DELETE; one that is told to wait is made again after that time. Raises `Violation` when it
        gets no answer though others do, and `TargetGone` when nothing is answered any more.
        """
        request = self.request(method, where, credentials, headers, body, is_odd=is_odd, scheme=scheme)
        client = self._single if on_one_connection else self._fresh if method == "DELETE" else self._client
        for _ in range(_WAITS):
            answer = self._answered(client, request)
            wait = _wait(answer)
            if wait is None:
                break
            time.sleep(wait)
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
        """A request as it is sent."""
        own = self.world.credentials if isinstance(credentials, str) else credentials
        url = where if origin(where) == self._origin else self.base_url + where
        return Request(method, url, own, tuple(headers), body, is_odd, scheme)

    def tried(self, method: str, where: str) -> Answer:
        """What comes of sending a request once. Raises `httpx2.TransportError` when that is no answer."""
        return self._tried(self._client, self.request(method, where))

    def together(self, calls: Iterable[Callable[[], T]], at_once: int = AT_ONCE) -> Sequence[T]:
        """Make calls at the same time, some at once. Gives what they return, in their order.

        Raises the first error in their order; calls that have not begun by then are left out.
        """
        wanted = list(calls)
        futures = [Future[T]() for _ in wanted]
        pending = deque(zip(wanted, futures, strict=True))
        for _ in range(min(at_once, len(wanted))):
            threading.Thread(target=_make, args=(pending,), daemon=True).start()
        try:
            return [future.result() for future in futures]
        finally:
            pending.clear()

    def count(self, requests: int) -> None:
        """Count requests that were sent by other means."""
        with self._lock:
            self.requests += requests

    def _answered(self, client: httpx2.Client, request: Request) -> Answer:
        try:
            answer = self._tried(client, request)
            if answer.status not in _GATEWAY:
                return answer
            self._unsee(answer)
            if request.method == "DELETE":
                raise DeleteLost(f"a gateway lost the answer to a DELETE: status {answer.status}", answer)
        except httpx2.TransportError as error:
            if request.method == "DELETE":
                self._probe(request)
                told = f"the answer to a DELETE was lost: {reason(error)}"
                raise DeleteLost(told, unanswered(request)) from error
        try:
            return self._tried(client, request)
        except httpx2.TransportError as error:
            self._probe(request)
            raise Violation(
                "an answer", f"none, twice ({reason(error)}), while another request is answered", unanswered(request)
            ) from error

    def _tried(self, client: httpx2.Client, request: Request) -> Answer:
        with self._lock:
            self.requests += 1
        headers = list(request.headers)
        if request.credentials is not None:
            headers.append(("Authorization", request.authorization))
        parts = urlsplit(request.url)
        # the URL goes out as it is: the library would tidy it up
        wanted = request.url[request.url.index("/", len(parts.scheme) + 3) :]
        response = client.request(
            request.method,
            f"{parts.scheme}://{parts.netloc}/",
            headers=headers,
            content=request.body or None,
            extensions={"target": wanted.encode("ascii")},
        )
        lowered = tuple((name.lower(), value) for name, value in response.headers.multi_items())
        answer = Answer(request, response.status_code, lowered, response.content)
        with self._lock:
            self.seen.append(answer)
        return answer

    def _unsee(self, answer: Answer) -> None:
        """Forget an answer that is not the target's."""
        with self._lock:
            self.seen.remove(answer)

    def _probe(self, failed: Request) -> None:
        """Raise `TargetGone` unless the target answers one of the simplest requests."""
        there = self.world.rich.bindings[0]
        paths = (self.path(self.world.rich) + "?PageSize=1", self.path(self.world.rich, there), "/")
        for pause in (0.0, 1.0, 3.0):
            time.sleep(pause)
            for path in paths:
                request = Request("GET", self.base_url + path, self.world.credentials, is_odd=True)
                if request.url != failed.url:
                    with suppress(httpx2.TransportError):
                        self._tried(self._client, request)
                        return
        raise TargetGone(f"{self.base_url} does not answer any more")

    def _connect(self, connections: int = 4 * AT_ONCE, kept: int | None = None) -> httpx2.Client:
        return httpx2.Client(
            verify=self.context,
            trust_env=False,  # ~/.netrc would add credentials to requests that must have none
            proxy=_proxy(self.base_url),
            follow_redirects=False,
            timeout=httpx2.Timeout(_READ_S, connect=_CONNECT_S, pool=None),
            limits=httpx2.Limits(
                max_connections=connections, max_keepalive_connections=connections if kept is None else kept
            ),
            headers={"User-Agent": "chat-bindings-verify", "Accept": "application/json"},
        )


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
def _trusted() -> ssl.SSLContext:
    """What certificates are trusted by default: read once, for it takes a while."""
    return httpx2.create_ssl_context()


def unanswered(request: Request) -> Answer:
    """What stands for an answer that did not come."""
    return Answer(request, 0, (), b"")


def reason(error: Exception) -> str:
    """What went wrong on the way, in a few words."""
    return str(error) or type(error).__name__


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
    """How long an answer asks to wait before the request is made again, in seconds."""
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


def _proxy(url: str) -> str | None:
    parts = urlsplit(url)
    return None if proxy_bypass(parts.hostname or "") else getproxies().get(parts.scheme)
