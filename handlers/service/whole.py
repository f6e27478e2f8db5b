"""Responses that come whole, as ours do, written at once: one system call, and each header looked at once."""

from collections.abc import Awaitable, Generator
from http import HTTPStatus

from starlette.types import Message, Send
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

_BODILESS = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)
_FRAMING = (b"connection", b"transfer-encoding")


class _Done:
    """What there is to wait for where nothing is."""

    def __await__(self) -> Generator[None, None, None]:
        yield from ()


_done = _Done()


class Whole:
    """The `send` of one response, in the place of uvicorn's.

    Its start is kept until its body comes. What uvicorn would write in another way than straight on (in chunks, to a
    client that is slow to read, with framing of the app's own) is left to it, and so is what it would refuse.
    """

    def __init__(self, cycle: RequestResponseCycle) -> None:
        self._cycle = cycle
        self._send: Send = cycle.send  # type: ignore[assignment]  # its messages are more narrowly typed
        self._start: Message | None = None

    def __call__(self, message: Message) -> Awaitable[None]:
        if message["type"] == "http.response.start":
            self._start = message
            return _done
        start, self._start = self._start, None
        if start is None:
            return self._send(message)
        if message.get("more_body") or not self._write(start, message.get("body", b"")):
            return self._one_by_one(start, message)
        return _done

    async def _one_by_one(self, start: Message, message: Message) -> None:
        await self._send(start)
        await self._send(message)

    def _write(self, start: Message, body: bytes) -> bool:
        """Write a response, unless it is one of those that are left to uvicorn: whether it is written."""
        cycle, status = self._cycle, start["status"]
        headers = [*cycle.default_headers, *start["headers"]]
        length = None
        lines = [STATUS_LINE[status]]
        for name, value in headers:
            if name == b"content-length":
                length = value
            elif name in _FRAMING:
                return False
            lines += (name, b": ", value, b"\r\n")
        head = b"".join(lines)
        is_framed = status in _BODILESS or length == str(len(body)).encode()
        if cycle.scope["method"] == "HEAD":
            is_framed, body = length is not None, b""
        # as many lines as there are headers: none of them holds the end of a line
        if not is_framed or head.count(b"\n") != len(headers) + 1 or cycle.flow.write_paused or cycle.disconnected:
            return False
        cycle.transport.write(head + (b"\r\n" if cycle.keep_alive else b"connection: close\r\n\r\n") + body)
        cycle.response_started = cycle.response_complete = True
        cycle.waiting_for_100_continue = False
        cycle.message_event.set()
        if not cycle.keep_alive:
            cycle.transport.close()
        cycle.on_response()
        return True
