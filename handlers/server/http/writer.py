"""An answer on its way out: one that is whole leaves in one write, and its head never goes ahead alone.

That halves the system calls, and a client that waits is woken once and not twice.
"""

from collections.abc import Awaitable, Generator
from functools import cache
from http import HTTPStatus

from starlette.types import Message
from uvicorn.protocols.http.httptools_impl import HEADER_RE, HEADER_VALUE_RE, STATUS_LINE, RequestResponseCycle

_LARGE = 64 * 1024
"""Bytes of a body that cost more to copy behind a head than a write does."""

_LENGTH = b"content-length"
_DECIDES = frozenset({b"connection", b"transfer-encoding"})
"""Headers that say how an answer is sent, or whether the connection stays."""

_BODILESS = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})

_has_control = HEADER_VALUE_RE.search


class _Done:
    """What is awaited where nothing has to be waited for: a coroutine that does nothing costs more."""

    def __await__(self) -> Generator[None, None, None]:
        return iter(())  # type: ignore[return-value]  # any iterator will do


_DONE = _Done()


class Cycle(RequestResponseCycle):
    """uvicorn's request and answer, which writes a head when there is a body to go with it.

    Whatever is no plain answer (in several parts, large, to HEAD) is sent as uvicorn does, and so is what it refuses.
    """

    _start: Message | None = None

    def send(self, message: Message) -> Awaitable[None]:  # type: ignore[override]  # awaited all the same
        if message["type"] == "http.response.start" and not self.response_started:
            self._start = message
            return _DONE
        start, self._start = self._start, None
        if start is None or (answer := self._whole(start, message)) is None:
            return self._send_on(start, message)
        self.response_started = self.response_complete = True
        self.waiting_for_100_continue = False
        self.transport.write(answer)
        self.message_event.set()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()
        return _DONE

    async def _send_on(self, start: Message | None, message: Message) -> None:
        if start is not None:
            await super().send(start)  # type: ignore[arg-type]  # uvicorn has types of its own for messages
        await super().send(message)  # type: ignore[arg-type]  # likewise

    def _whole(self, start: Message, message: Message) -> bytes | None:
        """The bytes of an answer; None where it is no plain one."""
        body: bytes = message.get("body", b"")
        if (
            message.get("more_body", False)
            or len(body) > _LARGE
            or self.disconnected
            or self.flow.write_paused
            or self.scope["method"] == "HEAD"
        ):
            return None
        status, length = start["status"], None
        content = [STATUS_LINE[status]]
        for name, value in self.default_headers:
            content += name, b": ", value, b"\r\n"
        for name, value in start["headers"]:
            if not _is_plain(name) or _has_control(value):
                return None
            if name == _LENGTH:
                length = value
            content += name, b": ", value, b"\r\n"
        if length != b"%d" % len(body) and (status not in _BODILESS or body or length):
            return None
        if not self.keep_alive:
            content.append(b"connection: close\r\n")
        content += b"\r\n", body
        return b"".join(content)


@cache  # there are few: the service names them all
def _is_plain(name: bytes) -> bool:
    """Whether a name is one, in small letters, and decides nothing."""
    return name.islower() and name not in _DECIDES and not HEADER_RE.search(name)
