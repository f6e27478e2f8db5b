"""A minimal client for thousands of requests at full speed, or fifty at the same moment."""

import asyncio
import re
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple, Self
from urllib.parse import urlencode, urlsplit

from .raw import Headers, Response, basic, compose, parsed


class Request(NamedTuple):
    """A request; `form` is sent as a form."""

    method: str
    path: str
    form: dict[str, object] | None = None


def flood(url: str, auth: tuple[str, str], requests: Sequence[Request], connections: int = 16) -> list[Response]:
    """Send the requests on so many kept connections as fast as they go. Returns the responses in their order.

    With as many connections as requests all are sent at the same moment.
    """
    return asyncio.run(_flood(url, auth, requests, connections))


async def _flood(url: str, auth: tuple[str, str], requests: Sequence[Request], connections: int) -> list[Response]:
    authorization = ("Authorization", basic(*auth))
    answers: dict[int, Response] = {}
    waiting = iter(enumerate(requests))
    ready = asyncio.Barrier(min(connections, len(requests)))

    async def work() -> None:
        async with Connection(url) as connection:
            await ready.wait()
            for number, request in waiting:
                body = urlencode(request.form or {}, doseq=True).encode()
                headers = [authorization, ("Content-Length", str(len(body)))]
                answers[number] = await connection.send(request.method, request.path, headers, body)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(ready.parties):
            tasks.create_task(work())
    return [answers[number] for number in range(len(requests))]


class Connection:
    """A kept connection, with one request at a time; from an address of the loopback, where one is given."""

    def __init__(self, url: str, address: str | None = None) -> None:
        self._host, self._from = urlsplit(url), (address, 0) if address else None

    async def __aenter__(self) -> Self:
        self._reader, self._writer = await asyncio.open_connection(
            self._host.hostname, self._host.port, local_addr=self._from, limit=1 << 24
        )
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self._writer.close()
        with suppress(OSError):
            await self._writer.wait_closed()

    async def send(self, method: str, path: str, headers: Headers, body: bytes = b"") -> Response:
        """Send a request, and wait for the answer."""
        self._writer.write(compose(method, path, [("Host", self._host.netloc), *headers], body))
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"(?i)\r\ncontent-length: *([0-9]+)", head)
        (response,) = parsed(head + (await self._reader.readexactly(int(length[1])) if length else b""))
        return response
