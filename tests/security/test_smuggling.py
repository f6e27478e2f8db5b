"""Malformed HTTP is refused, and a request hidden in another is never answered: where a body ends must be clear."""

import pytest

from ..server.conftest import registration
from ..support import raw
from ..support.answers import check_documented, check_error

LAST = raw.compose("GET", "/last", [("Host", "x"), ("Connection", "close")])
HIDDEN = b"GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n"
CHUNKED = b"Transfer-Encoding: chunked"
EMPTY = b"0\r\n\r\n"
LENGTH = b"Content-Length: %d" % len(EMPTY + HIDDEN)

FRAMINGS = {
    "a length and chunks": (LENGTH, CHUNKED),
    "chunks and a length": (CHUNKED, LENGTH),
    "two lengths": (b"Content-Length: 5", LENGTH),
    "the same length twice": (LENGTH, LENGTH),
    "a list of lengths": (LENGTH + b", 5",),
    "a length with a sign": (b"Content-Length: +5",),
    "an empty length": (b"Content-Length:",),
    "a length over 64 bits": (b"Content-Length: 18446744073709551621",),
    "no coding": (b"Transfer-Encoding: identity",),
    "a coding before chunks": (b"Transfer-Encoding: gzip, chunked",),
    "chunks twice": (CHUNKED, CHUNKED),
    "chunks in quotes": (b'Transfer-Encoding: "chunked"',),
    "chunks and a tab": (b"Transfer-Encoding: chunked\t",),
    "chunks on the next line": (b"Transfer-Encoding:", b" chunked"),
    "a space before the colon": (b"Transfer-Encoding : chunked",),
    "a space before the name": (LENGTH, b" Transfer-Encoding: chunked"),
    "a NUL in the name": (LENGTH, b"Transfer\0-Encoding: chunked"),
    "a NUL after the value": (LENGTH, b"Transfer-Encoding: chunked\0"),
    "a line feed alone before it": (LENGTH + b"\nTransfer-Encoding: chunked",),
    "a carriage return alone before it": (LENGTH + b"\rTransfer-Encoding: chunked",),
    "a carriage return at its end": (LENGTH, b"X: y\r"),
}


def hiding(ask, operation: str, headers: tuple[bytes, ...], version: bytes = b"1.1") -> bytes:
    """Make a request whose body, in whatever way one reads it, is followed by another request or holds it."""
    head = ask.compose(operation).replace(b"HTTP/1.1", b"HTTP/" + version).removesuffix(b"\r\n")
    return head + b"\r\n".join([*headers, b"", EMPTY + HIDDEN])


@pytest.mark.parametrize("framing", FRAMINGS.values(), ids=FRAMINGS)
@pytest.mark.parametrize("operation", ["registerBinding", "deleteBinding"])
def test_a_body_whose_end_is_unclear(ask, framing, operation):
    """It is a 400 and the end of the connection: neither the request nor what is hidden in it is carried out."""
    (answer,) = raw.exchange(ask.url, hiding(ask, operation, framing))
    check_error(answer, "malformed_request", operation)
    assert answer.header("Connection") == "close"
    check_documented(ask("fetchBinding"), "fetchBinding")


def test_chunks_of_http_1_0(ask):
    """HTTP/1.0 has no chunks: a proxy in between took the body for another one (RFC 9112, 6.1)."""
    (answer,) = raw.exchange(ask.url, hiding(ask, "fetchBinding", (CHUNKED,), version=b"1.0"))
    check_error(answer, "malformed_request", "fetchBinding")


BROKEN_CHUNKS = {
    "a size that is none": b"zz\r\n",
    "a size with a sign": b"+1\r\na\r\n",
    "a space after the size": b"1 \r\na\r\n",
    "a size over 64 bits": b"10000000000000001\r\na\r\n",
    "a line feed alone after the size": b"1\na\r\n",
    "a line feed alone after the data": b"1\r\na\n",
    "a line feed alone after an extension": b"1;x\na\r\n",
    "a carriage return alone in an extension": b"1;x\ry\r\na\r\n",
    "nothing after the data": b"1\r\na0\r\n\r\n",
    "more data than the size": b"1\r\nab\r\n",
    "a length among the last fields": b"1\r\na\r\n0\r\nContent-Length: 9\r\n\r\n",
    "a line feed alone among the last fields": b"1\r\na\r\n0\r\nX: y\nZ: z\r\n\r\n",
}


CHUNKED_HEADER = ("Transfer-Encoding", "chunked")


@pytest.mark.parametrize("chunk", BROKEN_CHUNKS.values(), ids=BROKEN_CHUNKS)
@pytest.mark.parametrize("operation", ["registerBinding", "deleteBinding"])
def test_broken_chunks(ask, world, chunk, operation):
    """A registration in broken chunks, or a DELETE, is a 400 and not carried out, and nothing after it is answered."""
    body = chunk + EMPTY + HIDDEN
    service_sid = world.empty["sid"] if operation == "registerBinding" else None
    head = ask.compose(operation, CHUNKED_HEADER, ("Content-Type", "application/json"), service_sid=service_sid)
    for pieces in ([head + body], [head, body])[: 2 if service_sid else 1]:
        (answer,) = raw.exchange(ask.url, *pieces)
        check_error(answer, "malformed_request", operation)
    check_documented(ask("fetchBinding"), "fetchBinding")
    assert check_documented(ask("listBindings", service_sid=world.empty["sid"]), "listBindings")["bindings"] == []


def test_a_broken_body_of_what_was_answered(ask):
    """A fetch needs no body: it may be answered before its body breaks. Then nothing more comes."""
    with raw.connect(ask.url) as connection:
        check_documented(raw.one(connection, ask.compose("fetchBinding", CHUNKED_HEADER)), "fetchBinding")
        connection.sendall(b"zz\r\n" + HIDDEN)
        assert raw.received(connection) == b""


@pytest.mark.parametrize("extension", [b';x="y;z"', b";" + b"x" * 5000])
def test_extensions_of_chunks(ask, extension):
    """Extensions of chunks mean nothing, and what follows the body is a request of its own."""
    body = registration(endpoint=f"extended by {len(extension)}")
    chunks = b"%x%s\r\n%s\r\n0%s\r\n\r\n" % (len(body), extension, body, extension)
    first, second = raw.exchange(ask.url, ask.compose("registerBinding", CHUNKED_HEADER) + chunks + LAST)
    check_documented(first, "registerBinding")
    check_error(second, "not_found", path="/last")


@pytest.mark.parametrize("pieces", [1, 3])
def test_fields_after_chunks_are_no_headers(ask, world, pieces):
    """Fields after the last chunk cannot take the place of a header: not of the credentials, nor of the host."""
    authorization = f"Authorization: {raw.basic(*world.auth)}".encode()
    path = ask.path("registerBinding").encode()
    body = registration(endpoint="followed")
    head = b"\r\n".join([b"POST %s HTTP/1.1" % path, b"Host: chat.example", CHUNKED])
    chunks = b"%x\r\n%s\r\n0\r\n" % (len(body), body)
    trailers = b"\r\n".join([b"Host: evil.example", b"X-Forwarded-Host: evil.example", b"Content-Type: a/b", b"", b""])

    def ask_in_pieces(*parts: bytes) -> raw.Response:
        if pieces == 1:
            parts = (b"GET /first HTTP/1.1\r\nHost: x\r\n\r\n" + b"".join(parts),)
        return raw.exchange(ask.url, *parts, LAST)[-2]

    unauthorized = ask_in_pieces(head + b"\r\n\r\n", chunks, authorization + b"\r\n\r\n")
    check_error(unauthorized, "unauthorized", "registerBinding")
    answer = ask_in_pieces(head + b"\r\n" + authorization + b"\r\n\r\n", chunks, trailers)
    assert check_documented(answer, "registerBinding")["url"].startswith("http://chat.example/")


@pytest.mark.parametrize("step", [1, 1000])
def test_a_body_that_follows_an_offer_to_upgrade(ask, world, step):
    """A body is a body however the request that offers another protocol is cut: it is never taken for a request."""
    body = b"GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n"
    headers = [("Host", "x"), ("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Content-Length", str(len(body)))]
    sent = raw.compose("GET", "/first", headers, body) + LAST
    first, last = raw.exchange(ask.url, *(sent[start : start + step] for start in range(0, len(sent), step)))
    check_error(first, "not_found", path="/first")
    check_error(last, "not_found", path="/last")


def test_a_tunnel(ask):
    """A tunnel is refused, and nothing of what is sent into it is answered."""
    headers = [("Host", "chat.example"), ("Content-Length", "3")]
    (answer,) = raw.exchange(ask.url, raw.compose("CONNECT", "chat.example:443", headers, b"abc" + HIDDEN))
    check_error(answer, "malformed_request")


def test_malformed_requests_are_answered_in_their_turn(ask, world):
    """Requests before it are answered first: no answer is taken for that of another request."""
    broken = hiding(ask, "deleteBinding", (LENGTH, CHUNKED))
    *before, last = raw.exchange(ask.url, ask.compose("fetchBinding") * 2 + broken + ask.compose("fetchBinding"))
    assert [check_documented(answer, "fetchBinding")["sid"] for answer in before] == [
        world.full["bindings"][0]["sid"]
    ] * 2
    check_error(last, "malformed_request")


@pytest.mark.parametrize("garbage", [b"\0", b"GET / HTTP/1.1\r\nHost : x\r\n\r\n"])
def test_garbage_after_a_request(ask, garbage):
    """Garbage right behind a request, or later, spoils neither it nor its answer."""
    first, second = raw.exchange(ask.url, ask.compose("fetchBinding") + garbage)
    check_documented(first, "fetchBinding")
    check_error(second, "malformed_request")
    with raw.connect(ask.url) as connection:
        check_documented(raw.one(connection, ask.compose("fetchBinding")), "fetchBinding")
        check_error(raw.one(connection, garbage), "malformed_request")


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
    """Input that the parser refuses is a 400 in JSON with an id, and the connection ends."""
    (answer,) = raw.exchange(ask.url, sent)
    check_error(answer, "malformed_request")
    assert answer.header("Connection") == "close"


def test_nothing_after_the_last_request(ask):
    """Requests after one that closes its connection are not done."""
    (answer,) = raw.exchange(ask.url, ask.compose("fetchBinding", ("Connection", "close")) + HIDDEN * 3)
    check_documented(answer, "fetchBinding")


@pytest.mark.parametrize("version", [b" HTTP/0.9", b" HTTP/1.2", b" HTTP/2.0", b" http/1.1", b""])
def test_unknown_versions(ask, version):
    """Versions other than HTTP/1.1 and HTTP/1.0 are a 400: their client would not know the response's form."""
    (answer,) = raw.exchange(ask.url, ask.compose("fetchBinding").replace(b" HTTP/1.1", version))
    check_error(answer, "malformed_request", "fetchBinding")


def test_two_thousand_requests_at_once(ask):
    """Small requests sent without waiting are answered one after the other, more of them than Python has recursions."""
    request = b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n"
    answers = raw.exchange(ask.url, request * 2000 + LAST)
    assert len(answers) == 2001
    assert {answer.status for answer in answers} == {404}
