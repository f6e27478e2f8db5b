"""Malformed HTTP gets an error of the spec, and disturbs no other connection.

Bodies whose end is unclear are in security/test_smuggling.py, bounds in security/test_sizes.py.
"""

import collections
import socket

import pytest

from ..support import raw
from ..support.answers import check_documented, check_error


def lines(*sent: bytes) -> bytes:
    return b"\r\n".join(sent) + b"\r\n\r\n"


NO_HTTP = {
    "an unknown method": lines(b"BREW / HTTP/1.1", b"Host: x"),
    "no target": lines(b"GET  HTTP/1.1", b"Host: x"),
    "a target that is a query": lines(b"GET ?a=b HTTP/1.1", b"Host: x"),
    "a target with a space": lines(b"GET /a b HTTP/1.1", b"Host: x"),
    "a target with a NUL": lines(b"GET /\0 HTTP/1.1", b"Host: x"),
    "a target in UTF-8": lines("GET /é HTTP/1.1".encode(), b"Host: x"),
    "the beginning of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "the beginning of TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(64)),
    "line feeds alone": b"GET / HTTP/1.1\nHost: x\n\n",
    "a header without a colon": lines(b"GET / HTTP/1.1", b"Host: x", b"nonsense"),
    "a NUL in a header": lines(b"GET / HTTP/1.1", b"Host: x", b"X: a\0b"),
}


@pytest.mark.parametrize("sent", NO_HTTP.values(), ids=NO_HTTP)
def test_malformed_http(ask, sent):
    """What the parser refuses is a 400 in JSON with an id, and the connection ends."""
    (answer,) = raw.exchange(ask.url, sent)
    check_error(answer, "malformed_request")
    assert answer.header("Connection") == "close"


@pytest.mark.parametrize("piece", [b"X-%d: " + b"a" * 60_000 + b"\r\n", b"a" * 60_000, b"\r\n" * 30_000])
def test_a_head_that_never_ends(ask, piece):
    """Headers, a header or empty lines without end are not taken, and kept, without end."""
    with raw.connect(ask.url) as connection:
        connection.sendall(b"" if piece.isspace() else b"GET / HTTP/1.1\r\nHost: x\r\nX-First: ")
        endless = (piece.replace(b"%d", b"%d" % number) for number in range(1000))
        with pytest.raises(ConnectionError):
            collections.deque(map(connection.sendall, endless), maxlen=0)


def test_a_connection_that_is_reset(ask):
    """A client that resets its connection in the middle of an answer leaves no trace but in its own line of the log."""
    for _ in range(20):
        with raw.connect(ask.url) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            connection.sendall(ask.compose("listBindings") * 20)
    check_documented(ask("listBindings"), "listBindings")
