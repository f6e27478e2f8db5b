"""The journal: the last requests that the service answered, bounded in number and in bytes.

Recording a request costs a tuple; its JSON is made when the journal is read.
"""

import asyncio
import re
from collections import deque
from collections.abc import AsyncGenerator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from time import perf_counter, time
from typing import Any, NamedTuple

import orjson
from starlette.types import Scope

from ...spec import CONTROL as SPEC
from ...spec import component, definitions, document, operations
from ..errors import ApiError
from ..operations.parameters import pairs
from ..request import Request
from ..settings import CONTROL, DOCS

_MOST_BYTES = 16 * 1024 * 1024
"""Bytes of paths, queries and bodies that the journal holds."""

_ENTRY_BYTES = 500
"""Bytes that an entry takes beside those."""

_OWN = frozenset(operation.operation_id for operation in operations(SPEC))
"""Operations whose requests are not kept."""

_OTHERS = _OWN | {""}
"""Those, and the one of requests without an operation, which are kept but for those of pages."""

_KEEP_ALIVE = 15
"""Seconds without an event after which a stream sends a comment."""

_PAUSE = 0.1
"""Seconds from the events of a stream to its next ones: those between go together."""

_RETRY_AFTER = "5"

_MOST_STREAMS: int = next(it["x-max-streams"] for it in definitions(document(SPEC)) if "x-max-streams" in it)

# the form of an auth token or a secret. A SID's letters keep it from matching.
_TOKEN = re.compile(r"(?<![0-9A-Za-z])[0-9A-Fa-f]{32}(?![0-9A-Za-z])")
_STARS = "*" * 8

_IDENTITY: str = component("parameters", "IdentityParameter")["name"]


class _Entry(NamedTuple):
    before: int
    """Bytes of all entries before it."""

    id: bytes
    arrived: float
    method: str
    raw_path: bytes
    query: bytes
    operation: str
    account: str
    status: int
    duration: float
    fault: str | None
    body: dict[str, Any] | None

    def to_json(self, number: int) -> dict[str, Any]:
        ago = perf_counter() - self.arrived
        arrived = datetime.fromtimestamp(time() - ago, UTC).isoformat(timespec="milliseconds")
        return {
            "number": number,
            "id": self.id.decode(),
            "time": arrived.replace("+00:00", "Z"),
            "method": self.method,
            "path": _mask(self.raw_path.partition(b"?")[0]),
            "query": _mask(self.query),
            "operation": self.operation or None,
            "account": self.account or None,
            "status": self.status or None,
            "duration_ms": round(self.duration * 1000, 3),
            "fault": self.fault,
            "body": self.body,
        }

    def identities(self) -> Iterator[str]:
        """Yield the identities that the request names."""
        if self.body is not None:
            yield self.body[_IDENTITY]
        with suppress(ApiError):
            for name, value in pairs(self.query, "query"):
                if name == _IDENTITY:
                    yield value


def _is_page(path: str) -> bool:
    """Return whether a path is one of the site or of the page."""
    return f"{path}/".startswith((f"{CONTROL}/", f"{DOCS}/"))


def _mask(text: bytes) -> str:
    return _TOKEN.sub(_STARS, text.decode("latin-1"))


@dataclass(frozen=True)
class RequestFilter:
    """The filters of a list of requests."""

    operation: str | None = None
    status: int | None = None
    identity: str | None = None
    account: str | None = None

    def matches(self, entry: _Entry) -> bool:
        return (
            self.operation in (None, entry.operation)
            and self.status in (None, entry.status)
            and self.account in (None, entry.account)
            and (self.identity is None or self.identity in entry.identities())
        )


class Journal:
    """The last requests, oldest first."""

    def __init__(self, most: int) -> None:
        self.last = 0
        """The number of the last request."""

        self._entries: deque[tuple[Any, ...]] = deque(maxlen=most)
        self._bytes = 0
        """Bytes of all entries so far, those removed included."""

        self._full = 0
        """`_bytes` up to which there is nothing to trim."""

        self._begins = 0.0
        self._cleared = self._last_cleared = 0
        self._ended = False
        self._streams = 0
        self._waiting: set[asyncio.Future[None]] = set()

    def record(self, scope: Scope, request: Request, status: int, duration: float, request_id: bytes) -> None:
        """Add a request that was answered, unless it arrived before a restart."""
        operation = request.operation_id
        arrived = request.arrived
        if arrived < self._begins or (operation in _OTHERS and (operation or _is_page(scope["path"]))):
            return
        raw_path = scope["raw_path"]
        query = scope["query_string"]
        body = request.arguments.get("body")
        # a plain tuple costs a third of an `_Entry`
        self._entries.append((
            self._bytes, request_id, arrived, scope["method"], raw_path, query, operation,
            request.account_sid, status, duration, request.fault, body,
        ))  # fmt: skip
        self.last += 1
        self._bytes += _ENTRY_BYTES + len(raw_path) + len(query)
        if body:
            self._bytes += _size(body)
        if self._bytes > self._full:
            self._trim()
        if self._waiting:
            self._wake()

    def _trim(self) -> None:
        """Remove the oldest requests beyond `_MOST_BYTES`."""
        entries = self._entries
        while entries and self._bytes - entries[0][0] > _MOST_BYTES:
            entries.popleft()
        self._full = (entries[0][0] if entries else self._bytes) + _MOST_BYTES

    def clear(self) -> None:
        """Remove all requests. Numbers continue."""
        self._entries.clear()
        self._cleared += 1
        self._last_cleared = self.last
        self._wake()

    def restart(self) -> None:
        """Forget all requests, those that are under way too."""
        self._begins = perf_counter()
        self.clear()

    def end(self) -> None:
        """End all waits and streams, at the end of the service."""
        self._ended = True
        self._wake()

    def since(self, number: int, wanted: RequestFilter) -> list[dict[str, Any]]:
        """List the matching requests after a number."""
        found = []
        for each, entry in zip(range(self.last, number, -1), map(_Entry._make, reversed(self._entries)), strict=False):
            if wanted.matches(entry):
                found.append(entry.to_json(each))
        return found[::-1]

    async def wait(self, number: int, wanted: RequestFilter, seconds: float) -> list[dict[str, Any]]:
        """List the matching requests after a number, as soon as there are any; none after some seconds."""
        found = self.since(number, wanted)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not found and not self._ended:
                    await self._next()
                    found = self.since(number, wanted)
        return found

    async def stream(self, number: int, wanted: RequestFilter, seconds: float) -> AsyncGenerator[bytes]:
        """Yield nothing, and then server-sent events from a number on, for some seconds.

        Raises `ApiError("too_many_streams")` where there are as many streams as the spec allows.
        """
        if self._streams >= _MOST_STREAMS:
            raise ApiError("too_many_streams", {"Retry-After": _RETRY_AFTER}, most=_MOST_STREAMS)
        loop = asyncio.get_running_loop()
        ends, cleared = loop.time() + seconds, self._cleared
        self._streams += 1
        try:
            yield b""
            while not self._ended:
                events = []
                if cleared != self._cleared:
                    cleared = self._cleared
                    events.append(b"event: clear\ndata: %b\n\n" % orjson.dumps({"last": self._last_cleared}))
                found = self.since(number, wanted)
                number = max(number, self.last)
                events += [b"event: request\nid: %d\ndata: %b\n\n" % (it["number"], orjson.dumps(it)) for it in found]
                for event in events:
                    yield event
                if loop.time() >= ends:
                    return
                if events:
                    await asyncio.sleep(min(_PAUSE, ends - loop.time()))
                elif not await self._comes(min(_KEEP_ALIVE, ends - loop.time())):
                    yield b": nothing new\n\n"
        finally:
            self._streams -= 1

    async def _comes(self, seconds: float) -> bool:
        """Wait for a request or a clear; return whether one came."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._next()
                return True
        return False

    async def _next(self) -> None:
        coming = asyncio.get_running_loop().create_future()
        self._waiting.add(coming)
        try:
            await coming
        finally:
            self._waiting.discard(coming)

    def _wake(self) -> None:
        for each in self._waiting:
            if not each.done():
                each.set_result(None)


def _size(body: dict[str, Any]) -> int:
    return sum(4 * len(str(value)) for value in body.values())
