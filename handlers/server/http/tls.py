"""TLS: handshakes within the limits of connections and of time, and a close that sends all data first."""

import asyncio
import ssl
from collections.abc import Coroutine, Generator
from contextlib import suppress
from functools import partial
from typing import Any

from .protocol import Protocol
from .timeouts import opening

_GOODBYE = 2.0
"""Seconds that a client has to answer the close of TLS; then its connection is closed without one."""

_FIRST_CHECK, _LATER = 0.001, 0.25
"""Seconds between checks whether all data was sent, at first and at most."""


class SecureTransport:
    """The transport of a TLS connection: closing it first sends all written data, even to a slow reader.

    The TLS transports of asyncio and uvloop do not see the buffer of the transport below, and lose its data.
    """

    def __init__(self, tls: asyncio.Transport, below: asyncio.Transport) -> None:
        self._tls, self._below = tls, below
        self._closes = False
        self.write = tls.write
        self.abort = tls.abort
        self.can_write_eof = tls.can_write_eof
        self.get_extra_info = tls.get_extra_info
        self.pause_reading = tls.pause_reading
        self.resume_reading = tls.resume_reading
        self.set_write_buffer_limits = tls.set_write_buffer_limits

    def get_write_buffer_size(self) -> int:
        return self._tls.get_write_buffer_size() + self._below.get_write_buffer_size()

    def is_closing(self) -> bool:
        return self._closes or self._tls.is_closing()

    def close(self) -> None:
        if not self.is_closing():
            self._closes = True
            self._tls.pause_reading()
            self._close_when_sent(_FIRST_CHECK)

    def _close_when_sent(self, seconds: float) -> None:
        if self._tls.is_closing() or not self.get_write_buffer_size():
            self._tls.close()
        else:
            again = min(2 * seconds, _LATER)
            asyncio.get_running_loop().call_later(seconds, self._close_when_sent, again)


class _Started:
    """A coroutine that starts at once, and is awaited for the rest.

    uvloop reads from a new connection before its task runs first: that data would be lost to TLS.
    """

    def __init__(self, work: Coroutine[Any, Any, Any]) -> None:
        self._work = work
        self._first = work.send(None)

    def __await__(self) -> Generator[Any, Any, Any]:
        waits_for = self._first
        while True:
            try:
                sent = yield waits_for
            except BaseException as error:  # noqa: BLE001 - all exceptions are the coroutine's
                step = partial(self._work.throw, error)
            else:
                step = partial(self._work.send, sent)
            try:
                waits_for = step()
            except StopIteration as end:
                return end.value


class Handshake(asyncio.Protocol):
    """A connection during its TLS handshake; `protocol` takes over afterwards.

    It counts towards the limit of connections, and has the timeout of a request's head.
    """

    def __init__(self, protocol: Protocol, context: ssl.SSLContext) -> None:
        self._protocol = protocol
        self._context = context
        self._opening = opening(protocol.server_state)
        self._early: list[bytes] = []
        """Data that arrived together with the end of the handshake."""
        self._is_lost = False
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        if len(self._protocol.connections) + len(self._opening) >= 2 * self._protocol.limits.max_connections:
            transport.abort()
            return
        self._opening.add(self)
        loop = asyncio.get_running_loop()
        work = loop.start_tls(
            transport,
            self,
            self._context,
            server_side=True,
            ssl_handshake_timeout=self._protocol.limits.head_timeout,
            ssl_shutdown_timeout=_GOODBYE,
        )
        self._task = loop.create_task(self._finish(transport, _Started(work)))

    def data_received(self, data: bytes) -> None:
        self._early.append(data)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - as asyncio calls it
        self._is_lost = True

    async def _finish(self, below: asyncio.Transport, started: _Started) -> None:
        tls: Any = None
        try:
            with suppress(OSError):  # ssl.SSLError and timeouts are; TLS itself reports them to the client
                tls = await started
        finally:
            self._opening.discard(self)
        if tls is None or self._is_lost:
            below.abort()
            return
        tls.set_protocol(self._protocol)
        self._protocol.connection_made(SecureTransport(tls, below))  # type: ignore[arg-type]  # all that is used of one
        for data in self._early:
            self._protocol.data_received(data)
        self._early.clear()
