"""The sockets: HTTP/1.1 over threads, with the request's target unchanged."""

import socket
import socketserver
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import responses
from io import BufferedIOBase
from typing import Any

_LONGEST_LINE = 1 << 20


class Headers:
    """The headers of a request, whatever the case of their names."""

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self._pairs = [(name.lower(), value) for name, value in pairs]

    def __contains__(self, name: str) -> bool:
        return any(known == name.lower() for known, _ in self._pairs)

    def get(self, name: str, default: str = "") -> str:
        """Return the last value of a header, or the default."""
        return next((value for known, value in reversed(self._pairs) if known == name.lower()), default)


@dataclass
class Request:
    """A request, raw."""

    method: str
    target: str
    """The target as received, one character a byte."""
    headers: Headers
    body: bytes = b""
    connection: dict[str, Any] = field(default_factory=dict)
    """The server's data on the request's connection."""

    @property
    def path(self) -> str:
        """The path, raw."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        """The query, raw."""
        return self.target.partition("?")[2]


@dataclass
class Answer:
    """An answer, and its form on the wire."""

    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    chunked: bool = False
    close: bool = False
    dropped: bool = False
    """True if the connection ends without any answer."""
    delay_s: float = 0.0

    def header(self, name: str) -> str | None:
        """Return the value of a header, None when there is none."""
        return next((value for known, value in self.headers if known.lower() == name.lower()), None)


class _Connection(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True
    wbufsize = -1

    def handle(self) -> None:
        state: dict[str, Any] = {}
        with suppress(OSError):
            while self._serve_one(state):
                pass

    def _serve_one(self, state: dict[str, Any]) -> bool:
        try:
            request = self._request(state)
        except ValueError:
            self._write(Answer(400, [("Connection", "close")]))
            return False
        if request is None:
            return False
        answer = self.server.application.answer(request)
        time.sleep(answer.delay_s)
        if answer.dropped:
            return False
        self._write(answer)
        return not answer.close and request.headers.get("connection").lower() != "close"

    def _request(self, state: dict[str, Any]) -> Request | None:
        line = self.rfile.readline(_LONGEST_LINE).decode("latin-1").rstrip("\r\n")
        if not line:
            return None
        method, _, rest = line.partition(" ")
        target, _, version = rest.rpartition(" ")
        if not target or not version.startswith("HTTP/1."):
            raise ValueError("this is no HTTP/1")
        headers = Headers(self._header_lines())
        if headers.get("expect").lower() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.wfile.flush()
        return Request(method, target, headers, _body(self.rfile, headers), state)

    def _header_lines(self) -> Iterator[tuple[str, str]]:
        while line := self.rfile.readline(_LONGEST_LINE).decode("latin-1").rstrip("\r\n"):
            name, colon, value = line.partition(":")
            if not colon:
                raise ValueError("this is no HTTP/1")
            yield name, value.strip(" \t")

    def _write(self, answer: Answer) -> None:
        headers = list(answer.headers)
        body = answer.body
        if answer.chunked:
            headers.append(("Transfer-Encoding", "chunked"))
            body = b"".join(_chunks(body))
        elif answer.header("content-length") is None and (body or answer.status not in (204, 304)):
            headers.append(("Content-Length", str(len(body))))
        if answer.close:
            headers.append(("Connection", "close"))
        lines = [
            f"HTTP/1.1 {answer.status} {responses.get(answer.status, 'Unknown')}",
            *(f"{name}: {value}" for name, value in headers),
        ]
        self.wfile.write("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
        self.wfile.flush()


def _body(stream: BufferedIOBase, headers: Headers) -> bytes:
    if headers.get("transfer-encoding").lower() == "chunked":
        return b"".join(_unchunked(stream))
    return stream.read(int(headers.get("content-length", "0")))


def _unchunked(stream: BufferedIOBase) -> Iterator[bytes]:
    while length := int(stream.readline(_LONGEST_LINE).partition(b";")[0], 16):
        yield stream.read(length)
        stream.readline()
    while stream.readline(_LONGEST_LINE).strip():
        pass


def _chunks(body: bytes, size: int = 1000) -> Iterator[bytes]:
    for start in range(0, len(body), size):
        part = body[start : start + size]
        yield b"%x\r\n%s\r\n" % (len(part), part)
    yield b"0\r\n\r\n"


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, application: Any, port: int) -> None:
        self.application = application
        self._open: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), _Connection)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        super().server_close()
        for connection in tuple(self._open):  # a copy made at once: threads end meanwhile
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore it: clients may end a connection as they like."""


@contextmanager
def serving(application: Any, port: int = 0) -> Iterator[str]:
    """Serve an application while the context lasts, and yield the base URL, its prefix included."""
    with _Server(application, port) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}{application.prefix}"
        finally:
            server.shutdown()
            thread.join()
