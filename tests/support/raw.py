"""HTTP by hand, for requests that clients normalise, refuse or cannot even write."""

import base64
import io
import re
import socket
from collections.abc import Iterable, Iterator, Sequence
from http.client import HTTPException, HTTPResponse
from typing import NamedTuple
from urllib.parse import urlsplit

Headers = Iterable[tuple[str | bytes, str | bytes]]

PATIENCE = 60.0
"""Seconds that an answer may take before the test calls it hanging."""


class Response(NamedTuple):
    """An answer as it came over the wire; names of headers in lower case, in their order."""

    status: int
    headers: Sequence[tuple[str, str]]
    content: bytes

    def all(self, name: str) -> list[str]:
        """The values of every header of a name."""
        return [value for header, value in self.headers if header == name.lower()]

    def header(self, name: str) -> str | None:
        """The value of the header of a name, which must not come twice."""
        values = self.all(name)
        assert len(values) <= 1, f"{name} came {len(values)} times"
        return values[0] if values else None


def basic(user_name: str, password: str) -> str:
    """The value of `Authorization` for a pair of credentials."""
    return "Basic " + base64.b64encode(f"{user_name}:{password}".encode()).decode()


def compose(
    method: str | bytes, target: str | bytes, headers: Headers = (), body: bytes = b"", version: str = "HTTP/1.1"
) -> bytes:
    """The bytes of a request, exactly as given: nothing is added, escaped or checked."""
    lines = [_bytes(method) + b" " + _bytes(target) + b" " + version.encode()]
    lines += [_bytes(name) + b": " + _bytes(value) for name, value in headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def connect(url: str, patience: float = PATIENCE) -> socket.socket:
    """A connection to where a URL points; whatever takes longer than `patience` seconds raises `TimeoutError`."""
    parts = urlsplit(url)
    return socket.create_connection((parts.hostname, parts.port), timeout=patience)


def received(connection: socket.socket) -> bytes:
    """All that comes until the other side closes."""
    chunks = []
    try:
        while chunk := connection.recv(65536):
            chunks.append(chunk)
    except ConnectionResetError:  # it closed while something that it never read was still coming
        pass
    return b"".join(chunks)


def one(connection: socket.socket) -> Response:
    """The next answer on a connection that stays open; it must say its length, and nothing may come after it."""
    received = b""
    while not (head := re.match(rb"(?s).*?\r\n\r\n", received)):
        received += _more(connection)
    length = re.search(rb"(?i)\r\ncontent-length: *([0-9]+)", head[0])
    whole = len(head[0]) + (int(length[1]) if length else 0)
    while len(received) < whole:
        received += _more(connection)
    (response,) = parsed(received)
    return response


def _more(connection: socket.socket) -> bytes:
    chunk = connection.recv(65536)
    assert chunk, "the connection was closed"
    return chunk


def exchange(url: str, sent: bytes, heads: int = 0) -> list[Response]:
    """Send bytes whose last request closes the connection: all that is answered.

    The first `heads` answers are to HEAD, and so have no body whatever they say.
    """
    with connect(url) as connection:
        connection.sendall(sent)
        return list(parsed(received(connection), heads))


def ask(url: str, method: str | bytes, target: str | bytes, headers: Headers = (), body: bytes = b"") -> Response:
    """Ask once, on a connection of its own. `Host` is added unless it is among the headers, and so is a close."""
    headers = list(headers)
    if not any(_bytes(name).lower() == b"host" for name, _ in headers):
        headers.insert(0, ("Host", urlsplit(url).netloc))
    sent = compose(method, target, [*headers, ("Connection", "close")], body)
    (response,) = exchange(url, sent, heads=int(_bytes(method) == b"HEAD"))
    return response


class _Stream(io.BytesIO):
    """What was received, as the socket that `http.client` reads from; each answer leaves it open for the next."""

    def makefile(self, *_: object) -> "_Stream":
        return self

    def close(self) -> None:
        """Stay open."""


def parsed(received: bytes, heads: int = 0) -> Iterator[Response]:
    """Parse the answers in what was received, which must hold nothing else. Raises AssertionError for what is none."""
    stream = _Stream(received)
    while stream.tell() < len(received):
        answer = HTTPResponse(stream, method="HEAD" if heads > 0 else "GET")  # type: ignore[arg-type]
        try:
            answer.begin()
            content = answer.read()
        except HTTPException as error:
            raise AssertionError(f"no whole answer: {error!r}") from error
        heads -= 1
        yield Response(answer.status, [(name.lower(), value) for name, value in answer.getheaders()], content)


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode()
