"""Thousands of requests in no time, or fifty at the same moment: a client that does nothing it need not."""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

from .raw import Response, basic, compose, parsed


class Request(NamedTuple):
    """What to ask; `form` is sent as a form."""

    method: str
    path: str
    form: dict[str, object] | None = None


def flood(url: str, auth: tuple[str, str], requests: Sequence[Request], connections: int = 16) -> list[Response]:
    """The answers in the order of the requests, which are sent on so many kept connections as fast as they go.

    With as many connections as requests all are sent at the same moment.
    """
    return asyncio.run(_flood(url, auth, requests, connections))


async def _flood(url: str, auth: tuple[str, str], requests: Sequence[Request], connections: int) -> list[Response]:
    parts = urlsplit(url)
    authorization = ("Authorization", basic(*auth))
    answers: dict[int, Response] = {}
    waiting = iter(enumerate(requests))
    ready = asyncio.Barrier(min(connections, len(requests)))

    async def work() -> None:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=1 << 24)
        await ready.wait()
        for number, request in waiting:
            body = urlencode(request.form or {}, doseq=True).encode()
            headers = [("Host", parts.netloc), authorization, ("Content-Length", str(len(body)))]
            writer.write(compose(request.method, request.path, headers, body))
            answers[number] = await next_answer(reader)
        writer.close()
        await writer.wait_closed()

    async with asyncio.TaskGroup() as tasks:
        for _ in range(ready.parties):
            tasks.create_task(work())
    return [answers[number] for number in range(len(requests))]


async def next_answer(reader: asyncio.StreamReader) -> Response:
    """The next answer on a kept connection."""
    head = await reader.readuntil(b"\r\n\r\n")
    lengths = [line.partition(b":")[2] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    body = await reader.readexactly(int(lengths[0])) if lengths else b""
    (response,) = parsed(head + body)
    return response
