"""HTTP/1.1 (RFC 9112) on uvicorn's protocol: strict framing, requests in order, and refusals as the spec has them."""

import asyncio
from collections import deque
from contextlib import suppress
from typing import Any

import httptools
from starlette.types import Scope
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from ..errors import ApiError
from .authority import is_authority
from .limits import Limits
from .listening import peer_of
from .refusals import MALFORMED, ON_REFUSED, refusal, too_many_connections
from .target import HOST, HOST_HEADER, LONGEST_TARGET, PERCENT, no_host, percent_decode, split_target
from .timeouts import Wait, Waiting, opening, watch
from .writer import Cycle

PROTOCOL = "chat_bindings.protocol"
"""The key in a scope of its connection."""

_SMALL = 16_384
"""Bytes that are parsed at a time. A head within them cannot be too large."""

_LINGER = 2.0
_LINGER_BYTES = 32 << 20
"""Seconds, and bytes, for which a client that still sends is read after its response: it could not read that after a
reset of the connection."""

_HEEDED = frozenset({b"host", b"expect", b"content-length", b"transfer-encoding"})


def has_arrived(scope: Scope) -> bool:
    """Return whether all of a request is here, the last one of its connection."""
    protocol: Protocol | None = scope.get(PROTOCOL)
    return protocol is not None and protocol.cycle.scope is scope and not protocol.cycle.more_body


class _Nowhere(list[Any]):
    """A list that drops the trailer fields of a chunked body: they are no headers (RFC 9110, 6.5.1)."""

    def append(self, _: Any) -> None:
        pass


_NOWHERE = _Nowhere()


class _Lingering:
    """The transport of a request with a body: closing it lingers while the client still sends."""

    def __init__(self, protocol: "Protocol") -> None:
        self._protocol = protocol
        self.write = protocol.transport.write
        self.is_closing = protocol.transport.is_closing

    def close(self) -> None:
        self._protocol.linger()


class _Flow(FlowControl):
    """uvicorn's flow control, which also stops reading while pipelined requests wait."""

    def __init__(self, transport: asyncio.Transport, waiting: deque[Any]) -> None:
        super().__init__(transport)
        self._waiting = waiting

    def resume_reading(self) -> None:
        if not self._waiting:
            super().resume_reading()


class Protocol(HttpToolsProtocol):
    """A connection.

    Requests run one after the other. Malformed HTTP is answered in its turn, and ends the connection; its request does
    not run.
    """

    def __init__(self, *args: Any, limits: Limits, **options: Any) -> None:
        super().__init__(*args, **options)
        self.limits = limits
        self.wait: Wait | None = None
        self._running: RequestResponseCycle | None = None
        self._refusal: ApiError | None = None
        self._discards = False
        self._unread = 0
        """Bytes received since the last complete head or piece of a body."""
        self._later = b""
        """Bytes received while requests waited for their turn."""
        self._host: bytes | None = None
        self._valid_host: bytes | None = None
        """The host of its last request, which the next ones have as well."""
        self._is_chunked = self._has_length = False
        self._declines = False
        self._stopping = asyncio.Event()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self.client = peer_of(self.client)
        self.flow = _Flow(transport, self.pipeline)
        watch(self.server_state, self.loop, self.limits)
        others = len(self.connections) - 1 + len(opening(self.server_state))
        if others >= 2 * self.limits.max_connections:
            transport.abort()
        elif others >= self.limits.max_connections:
            self.app = too_many_connections()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if (running := self._running) is not None and not running.response_complete:
            running.disconnected = True
            running.message_event.set()

    def data_received(self, data: bytes) -> None:
        if self._unread or len(data) > _SMALL or self._later:
            self._later += data
            self._read_on()
        else:
            self._read(data)

    def _read_on(self) -> None:
        while self._later and not self.pipeline:
            piece, self._later = self._later[:_SMALL], self._later[_SMALL:]
            self._read(piece)

    def _read(self, data: bytes) -> None:
        if self._discards:
            self._discard(len(data))
            return
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as offer:
            self._decline(data[offer.args[0] :])
            return
        except httptools.HttpParserError as error:
            cause = error.__context__
            self._refuse(cause if isinstance(cause, ApiError) else ApiError("malformed_request"))
        if self.pipeline:
            self._proceed()
        cycle = self.cycle
        if cycle is not None and cycle.scope is self.scope and not cycle.more_body:
            self._unread = 0
            return
        self._unread += len(data)
        if self._unread > self.limits.max_head + _SMALL:
            self._refuse(self._too_large())

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._host = None
        self._is_chunked = self._has_length = False

    def on_header(self, name: bytes, value: bytes) -> None:
        name = name.lower()
        if name in _HEEDED:
            self._heed(name, value)
        self.headers.append((name, value))

    def _heed(self, name: bytes, value: bytes) -> None:
        if self.headers is _NOWHERE:
            return
        if name == b"host":
            if self._host is not None:
                raise ApiError("invalid_parameter", parameter=HOST_HEADER, rule="must come once")
            self._host = value.strip()
        elif name == b"expect":
            self.expect_100_continue = value.lower() == b"100-continue"
        elif name == b"content-length":
            self._has_length = True
        elif self._is_chunked or value.lower() != b"chunked":
            raise ApiError("malformed_request")  # the end of the body would be a guess
        else:
            self._is_chunked = True

    def on_headers_complete(self) -> None:
        parser, scope, headers = self.parser, self.scope, self.headers
        if parser.should_upgrade():
            if parser.get_method() == b"CONNECT":  # no tunnels
                raise ApiError("malformed_request")
            self._declines = True
            return
        scope["method"] = parser.get_method().decode("ascii")
        host, path, query = split_target(self.url)
        version = parser.get_http_version()
        if version != "1.1":
            self._check_older(version)
        if self._host != self._valid_host or self._host is None:
            self._check_host(version)
        if len(headers) > self.limits.max_headers or self._unread > self.limits.max_head - _SMALL:
            self._check_size()
        scope["path"] = percent_decode(path).decode(errors="replace") if PERCENT in path else path.decode("ascii")
        scope["raw_path"], scope["query_string"] = path, query
        scope[HOST] = host or self._host  # type: ignore[literal-required]
        scope[PROTOCOL] = self  # type: ignore[literal-required]
        self.headers = _NOWHERE
        self._unread = 0
        # a client that expected 100 and got a response instead may send the body or not
        keep_alive = version == "1.1" and parser.should_keep_alive() and not self.expect_100_continue
        has_body = self._has_length or self._is_chunked
        self.cycle = Cycle(
            scope=scope,
            transport=_Lingering(self) if has_body else self.transport,  # type: ignore[arg-type]
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=False,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=self.expect_100_continue,
            keep_alive=keep_alive,
            on_response=self.on_response_complete,
        )
        self.pipeline.appendleft((self.cycle, self.app))

    def on_body(self, body: bytes) -> None:
        self._unread = 0
        if self.cycle.body:
            self.cycle.body = bytearray(self.cycle.body)  # bytes would be copied for each of a million small chunks
        super().on_body(body)

    def on_message_complete(self) -> None:
        if not self._declines:
            self.cycle.more_body = False
            self.cycle.message_event.set()

    def _check_host(self, version: str) -> None:
        if not is_authority(self._host) if self._host is not None else version == "1.1":
            raise no_host()
        self._valid_host = self._host

    def _check_older(self, version: str) -> None:
        if version != "1.0" or self._is_chunked:  # 1.0 has no chunks: a proxy in between saw another body
            raise ApiError("malformed_request")
        self.scope["http_version"] = version

    def _check_size(self) -> None:
        headers = list(self.scope["headers"])
        if len(headers) > (most := self.limits.max_headers):
            raise ApiError("invalid_parameter", parameter="The request", rule=f"must have at most {most} headers")
        line = f"{self.scope['method']} {self.url.decode('latin-1')} HTTP/1.1\r\n"
        if len(line) + sum(len(name) + len(value) + 4 for name, value in headers) + 2 > self.limits.max_head:
            raise self._too_large()

    def _too_large(self) -> ApiError:
        is_head = self.scope is not None and self.headers is not _NOWHERE
        if not is_head or len(self.url) > LONGEST_TARGET:
            return ApiError("malformed_request")
        return _head_fault(f"must have at most {self.limits.max_head} bytes")

    def _decline(self, rest: bytes) -> None:
        """Ignore the offer of another protocol (`curl --http2`): parse again without it, or the body would be lost."""
        method, version = self.parser.get_method(), self.parser.get_http_version().encode()
        lines = [b"%s: %s\r\n" % header for header in self.scope["headers"] if header[0] != b"upgrade"]
        head = b"".join([b"%s %s HTTP/%s\r\n" % (method, self.url, version), *lines, b"\r\n"])
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        self._declines = False
        self._unread = len(head)
        self._read(head)
        if rest:
            self._read(rest)

    # The order of requests

    def _proceed(self) -> None:
        if self._running is None or self._running.response_complete:
            self._running, app = self.pipeline.pop()
            self._start_asgi_task(self._running, app)
        if self.pipeline:
            self.flow.pause_reading()

    def on_response_complete(self) -> None:
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        if self.pipeline:
            self._proceed()
        elif self._refusal is not None:
            self._answer_refusal(self._refusal)
        else:
            self._read_on()
            self.flow.resume_reading()

    def _refuse(self, error: ApiError) -> None:
        """Answer malformed HTTP, after all requests before it, and end the connection."""
        if self._refusal is not None:
            return
        self._refusal = error
        self._discards = True
        self._unread = 0
        cycle, running = self.cycle, self._running
        if cycle is not None and cycle.more_body:
            self._give_up(cycle)
        if not self.pipeline and (running is None or running.response_complete or running.disconnected):
            self._answer_refusal(error)

    def _give_up(self, cycle: RequestResponseCycle) -> None:
        """Drop a request with a malformed body: it does not start, or is disconnected."""
        if self.pipeline and self.pipeline[0][0] is cycle:
            self.pipeline.popleft()
        else:
            cycle.disconnected = True
            cycle.message_event.set()

    def _answer_refusal(self, error: ApiError) -> None:
        if self.transport.is_closing():
            return
        running = self._running
        if running is None or running is not self.cycle or not (running.more_body and running.response_started):
            self.transport.write(refusal(error, self.scope, self.server_state.default_headers))
            if report := self.app_state.get(ON_REFUSED):
                report(MALFORMED)
        self.linger()

    def linger(self) -> None:
        """End the connection once the client can have read its response."""
        cycle = self.cycle
        if self._refusal is None and (cycle is None or not cycle.more_body):
            self.transport.close()
            return
        self._discards = True
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.flow.resume_reading()
        self.loop.call_later(_LINGER, self.transport.close)

    def hang_up(self) -> None:
        """Close the connection in the middle of the request that is answered."""
        if (running := self._running) is not None:
            running.disconnected = True  # uvicorn then sends nothing any more, and misses nothing
            running.message_event.set()
        self.transport.close()  # not the cycle's, which lingers for a client that still sends

    async def pause(self, seconds: float) -> bool:
        """Wait, at most until the server stops; return whether it still runs."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        return not self._stopping.is_set()

    def shutdown(self) -> None:
        self._stopping.set()
        super().shutdown()

    def _discard(self, size: int) -> None:
        self._unread += size
        if self._unread > _LINGER_BYTES:
            self.transport.close()

    # Timeouts

    def waits_for(self) -> tuple[Waiting, object] | None:
        """Return the client's next action and its request, for `ClientTimeouts`; None while the service acts."""
        cycle, running = self.cycle, self._running
        if self.transport.get_write_buffer_size():
            return Waiting.RESPONSE, running
        if self.pipeline or (running is not None and not running.response_complete):
            return (Waiting.BODY, cycle) if cycle is running and cycle.more_body else None
        if cycle is None or cycle.scope is not self.scope:
            return Waiting.HEAD, self.scope
        return (Waiting.BODY if cycle.more_body else Waiting.REQUEST), cycle

    def expire(self, waiting: Waiting) -> None:
        """End a connection whose client took too long, with a response where it can still read one."""
        if waiting is Waiting.RESPONSE:
            self.transport.abort()
        elif waiting is Waiting.HEAD and self.scope is not None:
            self._refuse(_head_fault(f"must arrive within {self.limits.head_timeout} seconds"))
        else:
            self.transport.close()


def _head_fault(rule: str) -> ApiError:
    return ApiError("invalid_parameter", parameter="The head of the request", rule=rule)
