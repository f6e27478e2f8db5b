"""Slow clients: they time out with a response, and delay no others."""

import asyncio
import collections
import re
import resource
import socket
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from ..server.conftest import Asker, registration
from ..support import raw
from ..support.answers import check_documented, check_error
from ..support.processes import computed, resident
from ..support.running import Service, wait_until

pytestmark = [pytest.mark.ci("waits for slow clients to be given up"), pytest.mark.long]

PATIENCE = 3
"""Seconds of the service's timeouts in these tests."""


@pytest.fixture(scope="module")
def service(serve):
    """Start a service with short timeouts."""
    return serve(*(part for of in ("head", "body", "response", "idle") for part in (f"--{of}-timeout", PATIENCE)))


async def drip(url: str, first: bytes, rest: bytes) -> tuple[bytes | None, float]:
    """Send bytes, then one every half second until the other side closes. Returns the response and the duration."""
    parts, began = urlsplit(url), time.monotonic()
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    received = asyncio.ensure_future(reader.read())
    writer.write(first)
    for byte in rest:
        if (await asyncio.wait([received], timeout=0.5))[0]:
            break
        writer.write(bytes([byte]))
    try:
        return await received, time.monotonic() - began
    except ConnectionError:  # it wrote to a connection that was closed, and so lost the answer
        return None, time.monotonic() - began
    finally:
        writer.close()


async def besiege(ask, slow: list[tuple[bytes, bytes]]) -> tuple[list[tuple[bytes | None, float]], int]:
    """Run slow clients. Returns their responses, with seconds, and the fetches answered before one of them ended."""
    clients = [asyncio.ensure_future(drip(ask.url, *each)) for each in slow]
    await asyncio.sleep(1)
    served = 0
    while not any(client.done() for client in clients):
        check_documented(await asyncio.to_thread(ask, "fetchBinding"), "fetchBinding")
        served += not any(client.done() for client in clients)
    return await asyncio.gather(*clients), served


def test_a_thousand_slow_clients(ask, world, service):
    """A thousand connections that send a byte now and then, or nothing, are ended in time, and delay no others."""
    head = ask.compose("fetchBinding")
    posted = ask.compose("registerBinding", body=registration(endpoint="slow"), service_sid=world.empty["sid"])
    slow = {
        (head[:20], head[20:]): (400, "The head of the request"),
        (head[:1], head[1:]): (100, "The head of the request"),
        (posted[:-60], posted[-60:]): (400, "The body"),
        (b"", b""): (100, ""),
    }
    clients = [(sent, late) for sent, (number, late) in slow.items() for _ in range(number)]
    answers, served = asyncio.run(besiege(ask, [sent for sent, _ in clients]))
    assert served > 0, "every request waited for a slow client"
    answered = set()
    for (_, late), (received, seconds) in zip(clients, answers, strict=True):
        assert seconds > PATIENCE - 1.5, "a slow client was cut off before its time"
        if late and received:  # empty where the service had read nothing by then
            (answer,) = raw.parsed(received)
            assert f"{PATIENCE} seconds" in check_error(answer, "invalid_parameter", parameter=late)
            answered.add(late)
        assert late or received == b""
    assert answered == {"The head of the request", "The body"}
    assert check_documented(ask("listBindings", service_sid=world.empty["sid"]), "listBindings")["bindings"] == []


def ended_after(connection: socket.socket) -> tuple[bytes, float]:
    """Read the rest of a connection, and measure the seconds until it is closed."""
    began = time.monotonic()
    return raw.received(connection), time.monotonic() - began


def test_a_connection_that_is_not_used(ask):
    """An idle connection is closed after its timeout, without a response, and not before."""
    with raw.connect(ask.url) as connection:
        for _ in range(PATIENCE + 2):
            check_error(raw.one(connection, raw.compose("GET", "/x", [("Host", "x")])), "not_found", path="/x")
            time.sleep(1)
        received, seconds = ended_after(connection)
    assert received == b""
    assert PATIENCE - 1 <= seconds + 1 <= PATIENCE + 60


def test_a_body_of_an_operation_without_one(ask):
    """A fetch is answered without its body, which then has as long to arrive as any."""
    with raw.connect(ask.url) as connection:
        answer = raw.one(connection, ask.compose("fetchBinding", ("Content-Length", "1000")) + b"x")
        check_documented(answer, "fetchBinding")
        received, seconds = ended_after(connection)
    assert received == b""
    assert PATIENCE - 1 <= seconds <= PATIENCE + 60


def test_an_answer_that_is_not_read(ask, service):
    """A client that sends many requests and reads no responses is cut off; neither pile up for it."""
    request = ask.compose("listBindings").replace(b" HTTP/", b"?PageSize=1000 HTTP/", 1)
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        parts = urlsplit(ask.url)
        connection.connect((parts.hostname, parts.port))
        connection.settimeout(raw.PATIENCE)
        with pytest.raises(OSError, match=r"reset|Broken"):
            collections.deque(map(connection.sendall, [request * 100] * 10_000), maxlen=0)
    assert resident(service.pid) < 300_000_000
    check_documented(ask("fetchBinding"), "fetchBinding")


def test_the_timer_stops_without_connections(service):
    """Once all connections are gone the timer stops."""
    time.sleep(2)
    before = computed(service.pid)
    time.sleep(1)
    assert computed(service.pid) - before < 0.2


def test_too_many_connections(serve, world):
    """On a connection too many a request is answered 429 with Retry-After; when others are gone all is as before."""
    most = 8
    crowded = serve("--max-connections", most)
    held = [raw.connect(crowded.url) for _ in range(most)]
    time.sleep(0.5)
    other = Asker(crowded, world)
    for operation in ("fetchBinding", "listBindings", "registerBinding"):
        answer = other(operation)
        check_error(answer, "too_many_requests", operation)
        assert (answer.header("Connection"), int(answer.header("Retry-After")) > 0) == ("close", True)
    held += [raw.connect(crowded.url) for _ in range(most)]
    time.sleep(0.5)
    with raw.connect(crowded.url) as refused:
        assert raw.received(refused) == b""
    for connection in held:
        connection.close()
    assert wait_until(lambda: other("fetchBinding").status == 200, 60)


@pytest.mark.usefixtures("unforked")
@pytest.mark.parametrize("hard", [True, False])
def test_files_for_all_connections(service, hard):
    """A service raises the limit of open files to what its connections take; where it cannot, the log has a warning."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * 500 + 300
    resource.setrlimit(resource.RLIMIT_NOFILE, (300, before[1]))
    try:
        with Service(service.database, "--max-connections", 500 if hard else before[1]) as many:
            limits = Path(f"/proc/{many.pid}/limits").read_text()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert int(re.search(r"Max open files +(\d+)", limits)[1]) == (wanted if hard else before[1])
    assert ("the system allows a process" in many.log) == (not hard)
