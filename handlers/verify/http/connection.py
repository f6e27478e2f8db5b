"""One HTTP/1.1 connection to the target: h11 on a socket, a deadline for each whole answer, a bound for its size."""

import base64
import select
import socket
import ssl
import time
import zlib
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

import h11

Headers = tuple[tuple[str, str], ...]

_SIZE = 65536
_ASCII = "".join(map(chr, range(33, 127)))
_LONGEST_HEAD = 102_400
"""Bytes that the head of an answer may have."""
_SHOWN = 48
"""Bytes of an answer that a message quotes."""
_HTTP_PORTS = {"http": 80, "https": 443}


class TransportError(Exception):
    """No answer came; the message says why."""

    is_unused = False
    """Whether nothing of an answer had come: then a connection that was kept had come to its end, perhaps."""


class ConnectError(TransportError):
    """There is no connection to the target."""


class ProxyError(ConnectError):
    """The proxy that the environment names gives no connection."""


class TimedOut(TransportError):
    """The answer was not complete in time."""


class BadFraming(TransportError):
    """The answer is no HTTP/1.1, or ends too early; the message has the parser's words."""


class TooLarge(Exception):
    """An answer is longer than any answer of the contract; the message says how long."""


@dataclass(frozen=True)
class Proxy:
    """The proxy of the environment."""

    url: str
    variable: str
    """The variable that names it; empty where the system's settings do."""

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        parts = urlsplit(self.url)
        return parts.hostname or "", parts.port or _HTTP_PORTS.get(parts.scheme, 80)

    @property
    def authorization(self) -> Headers:
        """The header that authenticates to it, if any."""
        parts = urlsplit(self.url)
        if parts.username is None:
            return ()
        both = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        return (("Proxy-Authorization", "Basic " + base64.b64encode(both.encode()).decode()),)


@dataclass(frozen=True)
class Route:
    """The way to the target."""

    scheme: str
    host: str
    port: int
    context: ssl.SSLContext
    proxy: Proxy | None = None

    @property
    def authority(self) -> str:
        """Host and port as `Host` has them: without a port that goes without saying."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _HTTP_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def is_forwarded(self) -> bool:
        """Whether the proxy reads the requests, as it does without TLS."""
        return self.proxy is not None and self.scheme == "http"


@dataclass(frozen=True)
class Outgoing:
    """A request as it goes out."""

    method: str
    target: str
    """Path and query, exactly as they are sent: beyond ASCII as raw UTF-8, and a byte that is no UTF-8 as it stands in
    a text that was decoded with `surrogateescape`.
    """
    headers: Headers
    body: bytes = b""


@dataclass(frozen=True)
class Received:
    """A complete answer."""

    status: int
    headers: Headers
    """Names in lower case."""
    body: bytes
    """Decoded."""
    surplus: bytes
    """The bytes beyond the announced length."""


class Connection:
    """An open connection."""

    def __init__(self, route: Route, timeout: float) -> None:
        """Connect. Raises `ConnectError` within a time in seconds."""
        self._route = route
        self._state = h11.Connection(our_role=h11.CLIENT, max_incomplete_event_size=_LONGEST_HEAD)
        self._deadline = time.monotonic() + timeout
        self._begin = b""
        self._socket = self._connect(timeout)
        try:
            if route.proxy is not None and route.scheme == "https":
                self._tunnel(route.proxy)
            if route.scheme == "https":
                self._socket = self._start_tls(self._socket)
        except BaseException:
            self._socket.close()
            raise

    def close(self) -> None:
        """Close it."""
        self._socket.close()

    @property
    def is_fit(self) -> bool:
        """Whether another request may be sent on it: no end and no stray bytes have come."""
        return self._state.our_state is h11.IDLE and not self.is_readable()

    def is_readable(self, within: float = 0.0) -> bool:
        """Tell whether bytes, or the end, come within a time in seconds."""
        pending = self._socket.pending() if isinstance(self._socket, ssl.SSLSocket) else 0
        return bool(pending or select.select([self._socket], [], [], within)[0])

    def exchange(self, sent: Outgoing, timeout: float, most: int, *, surplus_within: float | None = None) -> Received:
        """Send a request, and receive the whole answer.

        `timeout` is in seconds, for all of it; `most` is the greatest size in bytes, encoded and decoded. With
        `surplus_within` it also waits that long for bytes beyond the answer. Raises `TransportError` and `TooLarge`.
        """
        self._deadline, self._begin = time.monotonic() + timeout, b""
        self._send(sent)
        status, headers, parts, size = 0, Headers(), [], 0
        try:
            while True:
                event = self._state.next_event()
                if event is h11.NEED_DATA:
                    self._receive(status, size)
                elif isinstance(event, h11.Response):
                    status, headers = event.status_code, _decode(event.headers)
                elif isinstance(event, h11.Data):
                    parts.append(bytes(event.data))
                    size += len(event.data)
                    if size > most:
                        parts.clear()  # what is raised is kept, with all that it saw
                        raise TooLarge(f"status {status}, and more than {most} bytes of body")
                elif isinstance(event, (h11.EndOfMessage, h11.ConnectionClosed)):
                    break
        except h11.RemoteProtocolError as error:
            raise self._bad(status, size, str(error)) from None
        if not status:
            raise self._no_answer("the connection was closed without an answer")
        surplus = self._surplus(surplus_within)
        self._go_on(surplus)
        body = b"".join(parts)
        parts.clear()
        return Received(status, headers, _decompress(status, headers, body, most), surplus)

    def _send(self, sent: Outgoing) -> None:
        target = sent.target
        headers = [("Host", self._route.authority), *sent.headers]
        if self._route.is_forwarded and self._route.proxy is not None:
            target = f"http://{self._route.authority}{target}"
            headers += self._route.proxy.authorization
        if sent.body:
            headers.append(("Content-Length", str(len(sent.body))))
        ascii_target = quote(target, safe=_ASCII, errors="surrogateescape")
        whole = self._state.send(h11.Request(method=sent.method, target=ascii_target, headers=headers)) or b""
        if ascii_target != target:  # h11 sends no raw bytes
            whole = whole.replace(ascii_target.encode(), target.encode(errors="surrogateescape"), 1)
        if sent.body:
            whole += self._state.send(h11.Data(data=sent.body)) or b""
        whole += self._state.send(h11.EndOfMessage()) or b""
        try:
            self._set_timeout()
            self._socket.sendall(whole)
        except TimeoutError:
            raise self._timed_out("the request could not be sent") from None
        except OSError as error:
            if not self.is_readable(0.0):  # else it may be an answer to the half that was sent
                raise self._no_answer(reason(error)) from None

    def _receive(self, status: int, size: int) -> None:
        try:
            self._set_timeout()
            data = self._socket.recv(_SIZE)
        except TimeoutError:
            came = (
                f"status {status} and {size} bytes"
                if status
                else f"{len(self._begin)} bytes"
                if self._begin
                else "nothing"
            )
            raise self._timed_out(f"{came} came") from None
        except OSError as error:
            raise self._no_answer(reason(error)) from None
        self._begin = (self._begin + data)[:_LONGEST_HEAD] if not status else self._begin
        self._state.receive_data(data)

    def _surplus(self, within: float | None) -> bytes:
        surplus = bytes(self._state.trailing_data[0])
        if within is not None and self._state.their_state is h11.DONE and self.is_readable(within):
            try:
                self._set_timeout()
                more = self._socket.recv(_SIZE)
            except OSError:
                more = b""
            if not more:
                self._state.send_failed()
            surplus += more
        return surplus

    def _go_on(self, surplus: bytes) -> None:
        if self._state.our_state is h11.DONE and self._state.their_state is h11.DONE and not surplus:
            self._state.start_next_cycle()

    def _set_timeout(self) -> None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._socket.settimeout(left)

    def _connect(self, timeout: float) -> socket.socket:
        proxy = self._route.proxy
        address = (self._route.host, self._route.port) if proxy is None else proxy.address
        try:
            connected = socket.create_connection(address, timeout)
        except (OSError, UnicodeError) as error:
            kind = ConnectError if proxy is None else ProxyError
            raise kind("no connection in time" if isinstance(error, TimeoutError) else reason(error)) from error
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connected

    def _tunnel(self, proxy: Proxy) -> None:
        """Ask the proxy for a connection to the target."""
        where = f"{self._route.host}:{self._route.port}"
        state, self._state = self._state, h11.Connection(our_role=h11.CLIENT)
        headers = [("Host", where), *proxy.authorization]
        try:
            self._socket.sendall(self._state.send(h11.Request(method="CONNECT", target=where, headers=headers)) or b"")
            while not isinstance(event := self._state.next_event(), (h11.Response, h11.ConnectionClosed)):
                if event is h11.NEED_DATA:
                    self._receive(0, 0)
        except (TransportError, OSError, h11.RemoteProtocolError) as error:
            raise ProxyError(reason(error)) from error
        if not isinstance(event, h11.Response) or event.status_code != 200:
            status = event.status_code if isinstance(event, h11.Response) else "none"
            raise ProxyError(f"it refuses a connection to {where}: status {status}")
        self._state = state

    def _start_tls(self, plain: socket.socket) -> ssl.SSLSocket:
        try:
            self._set_timeout()
            return self._route.context.wrap_socket(plain, server_hostname=self._route.host)
        except (OSError, ValueError) as error:
            raise ConnectError(reason(error)) from error

    def _no_answer(self, why: str) -> TransportError:
        error = TransportError(why)
        error.is_unused = not self._begin
        return error

    def _timed_out(self, why: str) -> TimedOut:
        return TimedOut(f"no whole answer in time: {why}")

    def _bad(self, status: int, size: int, why: str) -> TransportError:
        if not self._begin:
            return self._no_answer("the connection was closed without an answer")
        came = f"status {status}, then {size} bytes: " if status else ""
        begins = "" if status else f"; it begins with {self._begin[:_SHOWN]!r}"
        return BadFraming(f"{came}{why}{begins}")


def reason(error: BaseException) -> str:
    """Say what went wrong on the way, in a few words."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__


def _decode(headers: h11._headers.Headers) -> Headers:
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers)


def _decompress(status: int, headers: Headers, body: bytes, most: int) -> bytes:
    """Take a body's content encodings off. Raises `BadFraming` and `TooLarge`."""
    named = ",".join(value for name, value in headers if name == "content-encoding")
    for encoding in reversed([each.strip().lower() for each in named.split(",")]):
        if body and encoding in ("gzip", "x-gzip", "deflate"):
            try:
                body = _inflate(body, most)
            except zlib.error as error:
                raise BadFraming(f"status {status}, and a body that is not {encoding}: {error}") from None
            if len(body) > most:
                body = b""
                raise TooLarge(f"status {status}, and a body that {encoding} unpacks to more than {most} bytes")
    return body


def _inflate(body: bytes, most: int) -> bytes:
    """Unpack a body, but no more than a byte beyond `most`."""
    whole = b""
    while body and len(whole) <= most:
        packer = zlib.decompressobj(_window_bits(body))
        whole += packer.decompress(body, most + 1 - len(whole))
        if not packer.eof and len(whole) <= most:
            raise zlib.error("it ends too early")
        body = packer.unused_data
    return whole


def _window_bits(body: bytes) -> int:
    """Return zlib's `wbits` for a body: of gzip, of zlib, or, as some servers take `deflate` for, without a head."""
    if body[:2] == b"\x1f\x8b":
        return 31
    has_head = len(body) > 1 and body[0] & 15 == 8 and not (body[0] << 8 | body[1]) % 31
    return 15 if has_head else -15
