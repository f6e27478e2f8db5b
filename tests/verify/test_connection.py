"""A connection: exact requests, whole answers in time and of a bounded size, and the parser's words where it fails."""

import gzip
import time
import zlib
from contextlib import closing

import pytest

from chat_bindings.verify.http.client import route_to
from chat_bindings.verify.http.connection import BadFraming, Connection, Outgoing, TimedOut, TooLarge, TransportError

from ..support.raw_server import message, raw_server

MOST = 1 << 20
PLAIN = Outgoing("GET", "/", ())
PACKED = gzip.compress(b'{"a": 1}', mtime=0)


def exchange(answer, outgoing=PLAIN, timeout=60.0):
    """Send a request to a server that answers by a function, and return the received response."""
    with raw_server(answer) as url, closing(Connection(route_to(url, None), 60)) as connection:
        return connection.exchange(outgoing, timeout, MOST)


def received(sent):
    """Return the response received from a server that sends some bytes."""
    return exchange(lambda connection, _: connection.sendall(sent))


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", PACKED),
        ("x-gzip", PACKED),
        ("gzip", gzip.compress(b'{"a":', mtime=0) + gzip.compress(b" 1}", mtime=0)),
        ("deflate", zlib.compress(b'{"a": 1}')),
        ("deflate", zlib.compress(b'{"a": 1}')[2:-4]),
        ("deflate, gzip", gzip.compress(zlib.compress(b'{"a": 1}'), mtime=0)),
        ("identity", b'{"a": 1}'),
    ],
)
def test_a_body_is_decoded(encoding, body):
    """Every encoding that the request accepts is taken off, in the order in which it was put on."""
    assert received(message(body, f"Content-Encoding: {encoding}")).body == b'{"a": 1}'


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (b"SSH-2.0-OpenSSH_9\r\n", "begins with b'SSH-2.0"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", "received 3 bytes, expected 9"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nContent-Length: 8\r\n\r\n", "conflicting Content-Length"),
        (message(b"abc", "Content-Encoding: gzip"), "not gzip"),
        (message(PACKED[:-9], "Content-Encoding: gzip"), "ends too early"),
    ],
)
def test_bad_framing_is_reported_in_the_parsers_words(sent, words):
    """Malformed HTTP, and a response that ends too early, are reported with the parser's words and the first bytes."""
    with pytest.raises(BadFraming, match=words):
        received(sent)


def test_no_answer_is_reported():
    """A connection that ends without a byte is no answer."""
    with pytest.raises(TransportError, match="closed without an answer") as raised:
        received(b"")
    assert raised.value.is_unused


@pytest.mark.parametrize(
    "sent",
    [
        message(b"x" * (MOST + 1)),
        message(gzip.compress(b"x" * (200 * MOST), 1, mtime=0), "Content-Encoding: gzip"),
    ],
    ids=["long", "bomb"],
)
def test_an_answer_that_is_too_large_is_left(sent):
    """A body of more than the most, as it comes or unpacked, is left."""
    with pytest.raises(TooLarge):
        received(sent)


@pytest.mark.parametrize("before", [b"", b"HTTP/1.1 200 OK\r\nA: ", b"HTTP/1.1 200 OK\r\n\r\n"])
def test_one_deadline_for_the_whole_answer(before):
    """A byte now and then, in the head or in the body, does not make the deadline any longer."""

    def answer(connection, _):
        connection.sendall(before)
        while True:
            connection.sendall(b"H")
            time.sleep(0.05)

    with pytest.raises(TimedOut):
        exchange(answer, timeout=0.5)


def test_a_request_goes_out_as_it_is():
    """Path and query are sent byte by byte, bytes that are no UTF-8 too, and `Host` once."""
    seen = []

    def answer(connection, head):
        seen.append(head)
        connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

    sent = Outgoing("GET", "/a/../%7e?b=%zz&&c=\u00e9\udcff", (("A", "b"),))
    assert exchange(answer, sent).status == 204
    assert seen[0].startswith(b"GET /a/../%7e?b=%zz&&c=\xc3\xa9\xff HTTP/1.1\r\n")
    assert seen[0].count(b"\r\nHost: 127.0.0.1:") == 1
