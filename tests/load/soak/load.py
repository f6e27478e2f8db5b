"""An open load: requests are sent when they are due, whether or not the ones before were answered.

A time is taken from when a request was due, so that a service that stalls cannot hide it by keeping the load waiting
(coordinated omission). The same connections measure the top rate by asking again as soon as they are answered.
"""

import asyncio
import json
import random
import time
from collections import Counter, deque
from collections.abc import Sequence
from urllib.parse import urlencode, urlsplit

from ...support import raw
from ...support.answers import operations
from ..worlds import AUTH, SERVICE, sid

_WEIGHTS = {"fetch": 60, "list": 15, "register": 10, "again": 5, "delete": 10}
"""The weight of each kind of request; as many devices register as are deleted."""

_EXPECTED = {"fetch": 200, "list": 200, "register": 201, "again": 200, "delete": 204}

_TICK = 0.001


class Connection(asyncio.Protocol):
    """A kept connection, with one request at a time."""

    def __init__(self, load: "Load") -> None:
        self._load = load
        self._received = bytearray()
        self.asked: tuple[str, float] | None = None
        """The request under way, and the time at which it was due."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: asyncio.Transport = transport  # type: ignore[assignment]

    def ask(self, kind: str, due: float, request: bytes) -> None:
        """Send a request, and report the response to the load."""
        self.asked = kind, due
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head = self._received.find(b"\r\n\r\n")
        if head < 0:
            return
        length = self._received.find(b"content-length:", 0, head)
        end = self._received.find(b"\r\n", length)
        whole = head + 4 + (int(self._received[length + 15 : end]) if length >= 0 else 0)
        if len(self._received) < whole:
            return
        status, body = int(self._received[9:12]), bytes(self._received[head + 4 : whole])
        del self._received[:whole]
        self._load.answered(self, status, body)

    def connection_lost(self, exc: Exception | None) -> None:
        self._load.lost(self)


class Load:
    """Requests of every kind, to one service."""

    def __init__(self, url: str, bindings: int, seed: int = 1) -> None:
        parts = urlsplit(url)
        self._address = parts.hostname, parts.port
        self._headers = [("Host", parts.netloc), ("Authorization", raw.basic(*AUTH))]
        self._chance, self._bindings, self._number = random.Random(seed), bindings, 0
        self._open: set[Connection] = set()
        self._idle: deque[Connection] = deque()
        self._again: set[asyncio.Task[None]] = set()
        self._late: deque[float] = deque()
        """When the requests were due that wait for a connection."""
        self._registered: deque[tuple[str, str]] = deque()
        """The SID and endpoint of what was registered here, and not deleted yet."""
        self._rate: float | None = None
        self.times: list[float] = []
        """Seconds that each answer took, since the last time that they were taken away."""
        self.done, self.errors = Counter[str](), Counter[str]()
        self.told = 0
        """The number of errors that were reported."""
        self._over = self._closing = False

    async def connect(self, connections: int) -> None:
        """Open so many connections."""
        for _ in range(connections):
            await self._connect()

    async def _connect(self) -> None:
        _, connection = await asyncio.get_running_loop().create_connection(lambda: Connection(self), *self._address)
        self._open.add(connection)
        self._idle.append(connection)

    async def top(self, seconds: float, connections: int) -> float:
        """Requests a second where each of so many connections sends its next request at once."""
        before, started = self.done.total(), time.perf_counter()
        for _ in range(connections):
            self._send(self._idle.popleft(), time.perf_counter())
        await asyncio.sleep(seconds)
        rate = (self.done.total() - before) / (time.perf_counter() - started)
        self._over = True
        await self.settle()
        self._over = False
        self.times.clear()
        return rate

    async def steady(self, rate: float, seconds: float) -> None:
        """So many requests a second, evenly."""
        self._rate, started, sent = rate, time.perf_counter(), 0
        while (now := time.perf_counter()) < started + seconds:
            for number in range(sent, due := int((now - started) * rate)):
                self._late.append(started + number / rate)
            sent = max(sent, due)
            while self._late and self._idle:
                self._send(self._idle.popleft(), self._late.popleft())
            await asyncio.sleep(_TICK)

    async def settle(self, within: float = 15.0) -> None:
        """Wait until all is answered."""
        async with asyncio.timeout(within):
            while len(self._idle) < len(self._open):  # noqa: ASYNC110 - the connections only count
                await asyncio.sleep(_TICK)

    def close(self) -> None:
        """End all connections."""
        self._over = self._closing = True
        for connection in self._open:
            connection.transport.close()

    def answered(self, connection: Connection, status: int, body: bytes) -> None:
        """What came on a connection, which may ask again."""
        assert connection.asked is not None
        (kind, due), connection.asked = connection.asked, None
        self.times.append(time.perf_counter() - due)
        self.done[kind] += 1
        if status != _EXPECTED[kind]:
            self.errors[f"{kind}: {status}"] += 1
        elif kind == "register":
            binding = json.loads(body)
            self._registered.append((binding["sid"], binding["endpoint"]))
        if self._late:
            self._send(connection, self._late.popleft())
        elif self._rate is None and not self._over:
            self._send(connection, time.perf_counter())
        else:
            self._idle.append(connection)

    def lost(self, connection: Connection) -> None:
        """A connection that ended: the service may close one that was idle for long, but no other."""
        if self._closing:
            return
        self._open.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)
        else:
            self.errors["a connection was closed"] += 1
        again = asyncio.ensure_future(self._connect())
        self._again.add(again)
        again.add_done_callback(self._again.discard)

    def _send(self, connection: Connection, due: float) -> None:
        (kind,) = self._chance.choices(list(_WEIGHTS), _WEIGHTS.values())
        if kind in ("again", "delete") and len(self._registered) <= len(self._open):
            kind = "register"  # or what is registered again might be deleted at the same moment
        connection.ask(kind, due, self._request(kind))

    def _request(self, kind: str) -> bytes:
        if kind in ("register", "again"):
            return self._registration(kind)
        if kind == "delete":
            return self._compose("deleteBinding", self._registered.popleft()[0])
        operation = "listBindings" if kind == "list" else f"{kind}Binding"
        return self._compose(operation, sid(self._chance.randrange(self._bindings)))

    def _registration(self, kind: str) -> bytes:
        self._number += 1
        endpoint = f"soaked {self._number}"
        if kind == "again":
            self._registered.rotate(-1)
            endpoint = self._registered[-1][1]
        form = {"Identity": "somebody", "Endpoint": endpoint, "BindingType": "apn", "CredentialSid": f"CR{0:032x}"}
        return self._compose("registerBinding", body=urlencode(form).encode())

    def _compose(self, operation: str, sid: str = "", body: bytes = b"") -> bytes:
        described = operations()[operation]
        headers = [*self._headers, ("Content-Length", str(len(body)))] if body else self._headers
        return raw.compose(described.method, described.path(ServiceSid=SERVICE, Sid=sid), headers, body)


def percentile(times: Sequence[float], part: float) -> float:
    """The time within which a part of all came."""
    return sorted(times)[min(int(len(times) * part), len(times) - 1)] if times else 0.0
