"""HTTP by hand, for requests that clients normalise, refuse or cannot even write."""

import base64
import re
import socket
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

Headers = Iterable[tuple[str | bytes, str | bytes]]

PATIENCE = 60.0
"""Seconds that a response may take before it counts as hanging."""


class Response(NamedTuple):
    """A response as it came over the wire; names of headers in lower case, in their order."""

    status: int
    headers: Sequence[tuple[str, str]]
    content: bytes

    def all(self, name: str) -> list[str]:
        """Return the values of every header of a name."""
        return [value for header, value in self.headers if header == name.lower()]

    def header(self, name: str) -> str | None:
        """Return the value of the header of a name, which must not come twice."""
        values = self.all(name)
        assert len(values) <= 1, f"{name} came {len(values)} times"
        return values[0] if values else None


def basic(user_name: str, password: str) -> str:
    """Return the value of `Authorization` for a pair of credentials."""
    return "Basic " + base64.b64encode(f"{user_name}:{password}".encode()).decode()


def compose(
    method: str | bytes, target: str | bytes, headers: Headers = (), body: bytes = b"", version: str = "HTTP/1.1"
) -> bytes:
    """Return the bytes of a request, exactly as given: nothing is added, escaped or checked."""
    lines = [_bytes(method) + b" " + _bytes(target) + b" " + version.encode()]
    lines += [_bytes(name) + b": " + _bytes(value) for name, value in headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def connect(url: str, patience: float = PATIENCE) -> socket.socket:
    """Connect to a URL's host; an operation that takes longer than `patience` seconds raises `TimeoutError`."""
    parts = urlsplit(url)
    return socket.create_connection((parts.hostname, parts.port), timeout=patience)


def received(connection: socket.socket) -> bytes:
    """Read until the other side closes."""
    chunks = []
    try:
        while chunk := connection.recv(65536):
            chunks.append(chunk)
    except ConnectionResetError:  # it closed while something that it never read was still coming
        pass
    return b"".join(chunks)


def one(connection: socket.socket, sent: bytes = b"") -> Response:
    """Send bytes, and return the response: on a connection that stays open, it must give its length and end there."""
    connection.sendall(sent)
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


def exchange(url: str, *pieces: bytes, heads: int = 0) -> list[Response]:
    """Send bytes, in pieces, whose last request closes the connection, and return all responses.

    The first `heads` responses are to HEAD, and so have no body whatever their headers are.
    """
    with connect(url) as connection:
        for piece in pieces:
            connection.sendall(piece)
        return list(parsed(received(connection), heads))


def ask(url: str, method: str | bytes, target: str | bytes, headers: Headers = (), body: bytes = b"") -> Response:
    """Send one request on a connection of its own. `Host` and a close are added unless they are among the headers."""
    headers = list(headers)
    if not any(_bytes(name).lower() == b"host" for name, _ in headers):
        headers.insert(0, ("Host", urlsplit(url).netloc))
    sent = compose(method, target, [*headers, ("Connection", "close")], body)
    (response,) = exchange(url, sent, heads=int(_bytes(method) == b"HEAD"))
    return response


def parsed(received: bytes, heads: int = 0) -> Iterator[Response]:
    """Parse the responses in the received bytes, which must hold nothing else."""
    while received:
        head, _, received = received.partition(b"\r\n\r\n")
        first, *lines = head.split(b"\r\n")
        match = re.fullmatch(rb"HTTP/1\.[01] ([1-5][0-9]{2}) [^\r\n]*", first)
        assert match, f"no status line: {first[:100]!r}"
        headers = [
            (name.decode("ascii").lower(), value.strip().decode("latin-1"))
            for name, _, value in (line.partition(b":") for line in lines)
        ]
        status = int(match[1])
        if status == 100:
            continue
        content, received = _content(status, dict(headers), received) if not heads else (b"", received)
        heads = max(heads - 1, 0)
        yield Response(status, headers, content)


def _content(status: int, headers: dict[str, str], received: bytes) -> tuple[bytes, bytes]:
    if status in (204, 304):
        return b"", received
    if headers.get("transfer-encoding") == "chunked":
        content = b""
        while True:
            size, _, received = received.partition(b"\r\n")
            length = int(size, 16)
            content, received = content + received[:length], received[length + 2 :]
            if not length:
                return content, received
    length = int(headers["content-length"]) if "content-length" in headers else len(received)
    assert len(received) >= length, "the answer was cut off"
    return received[:length], received[length:]


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode()
