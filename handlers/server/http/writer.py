"""A writer of responses: a complete one leaves in one write, head and body together.

That halves the system calls, and wakes a waiting client once and not twice.
"""

from collections.abc import Awaitable, Generator, Sequence
from functools import cache
from http import HTTPStatus

from starlette.types import Message
from uvicorn.protocols.http.httptools_impl import HEADER_RE, HEADER_VALUE_RE, STATUS_LINE, RequestResponseCycle

_LARGE = 64 * 1024
"""Bytes of a body from which copying it behind a head costs more than a write."""

_LENGTH = b"content-length"
_DECIDES = frozenset({b"connection", b"transfer-encoding"})
"""Headers of framing and of the connection, which are uvicorn's to interpret."""

_KEPT = frozenset({b"cache-control", b"content-type", b"date"})
"""Headers whose lines are cached: the service chooses their values, and few at a time."""

_MOST_KEPT = 100

_BODILESS = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})


class _Done:
    """An awaitable that is done, cheaper than a coroutine that does nothing."""

    def __await__(self) -> Generator[None, None, None]:
        return iter(())  # type: ignore[return-value]  # any iterator will do


_DONE = _Done()


class Cycle(RequestResponseCycle):
    """uvicorn's cycle of a request and its response, with head and body in one write.

    uvicorn itself writes other responses: those in several parts, large ones, to HEAD, and with invalid headers.
    """

    _start: Message | None = None

    def send(self, message: Message) -> Awaitable[None]:  # type: ignore[override]  # awaited all the same
        if message["type"] == "http.response.start" and not self.response_started:
            self._start = message
            return _DONE
        start, self._start = self._start, None
        if start is None or (whole := self._serialize(start, message)) is None:
            return self._send_on(start, message)
        self.response_started = self.response_complete = True
        self.waiting_for_100_continue = False
        self.transport.write(whole)
        self.message_event.set()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()
        return _DONE

    async def _send_on(self, start: Message | None, message: Message) -> None:
        if start is not None:
            await super().send(start)  # type: ignore[arg-type]  # uvicorn has types of its own for messages
        await super().send(message)  # type: ignore[arg-type]  # likewise

    def _serialize(self, start: Message, message: Message) -> bytes | None:
        body: bytes = message.get("body", b"")
        if (
            message.get("more_body", False)
            or len(body) > _LARGE
            or self.disconnected
            or self.flow.write_paused
            or self.scope["method"] == "HEAD"
        ):
            return None
        return serialize(start["status"], [*self.default_headers, *start["headers"]], body, close=not self.keep_alive)


def serialize(status: int, headers: Sequence[tuple[bytes, bytes]], body: bytes, *, close: bool) -> bytes | None:
    """Serialize a response; None where a header is invalid or is one of framing, or where the length does not fit."""
    parts = [STATUS_LINE[status]]
    for header in headers:
        line = _lines.get(header) or _line(header)
        if line is None:
            return None
        parts.append(line)
    if b"content-length: %d\r\n" % len(body) not in parts and (
        status not in _BODILESS or body or any(name == _LENGTH for name, _ in headers)
    ):
        return None
    if close:
        parts.append(b"connection: close\r\n")
    parts += b"\r\n", body
    return b"".join(parts)


_lines: dict[tuple[bytes, bytes], bytes] = {}
"""The cached lines of headers."""


def _line(header: tuple[bytes, bytes]) -> bytes | None:
    """Make the line of a header; None where it is invalid or decides the framing."""
    name, value = header
    # lengths and ids need no regular expression, which costs more
    if not _is_plain(name) or (not value.isalnum() and HEADER_VALUE_RE.search(value)):
        return None
    line = b"%b: %b\r\n" % header
    if name in _KEPT:
        if len(_lines) >= _MOST_KEPT:
            _lines.clear()
        _lines[header] = line
    return line


@cache  # the service has few names of headers
def _is_plain(name: bytes) -> bool:
    """Return whether a name of a header is valid, in lower case, and not one of `_DECIDES`."""
    return name.islower() and name not in _DECIDES and not HEADER_RE.search(name)
