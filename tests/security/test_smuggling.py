"""A request hidden in another is never answered: where it is unclear where a body ends, nothing of it is done."""

import pytest

from ..server.conftest import registration
from ..support import raw
from ..support.answers import check_documented, check_error

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
    "a length in hexadecimal": (b"Content-Length: 0x5",),
    "a length with a space in it": (b"Content-Length: 5 0",),
    "a length with an underscore": (b"Content-Length: 5_0",),
    "an empty length": (b"Content-Length:",),
    "a length in Arabic digits": ("Content-Length: ٥".encode(),),
    "a length below zero": (b"Content-Length: -5",),
    "a length over 64 bits": (b"Content-Length: 18446744073709551621",),
    "a coding that there is not": (b"Transfer-Encoding: xchunked",),
    "no coding": (b"Transfer-Encoding: identity",),
    "an empty coding": (b"Transfer-Encoding:",),
    "a coding before chunks": (b"Transfer-Encoding: gzip, chunked",),
    "an unknown coding before chunks": (b"Transfer-Encoding: cow, chunked",),
    "a comma before chunks": (b"Transfer-Encoding: ,chunked",),
    "a comma after chunks": (b"Transfer-Encoding: chunked,",),
    "a coding after chunks": (b"Transfer-Encoding: chunked, identity",),
    "chunks twice in one": (b"Transfer-Encoding: chunked, chunked",),
    "chunks twice": (CHUNKED, CHUNKED),
    "chunks, and then no coding": (CHUNKED, b"Transfer-Encoding: identity"),
    "no coding, and then chunks": (b"Transfer-Encoding: identity", CHUNKED),
    "chunks in quotes": (b'Transfer-Encoding: "chunked"',),
    "chunks with a parameter": (b"Transfer-Encoding: chunked;q=1",),
    "chunks after a vertical tab": (b"Transfer-Encoding: \x0bchunked",),
    "chunks and a tab": (b"Transfer-Encoding: chunked\t",),
    "chunks on the next line": (b"Transfer-Encoding:", b" chunked"),
    "chunks on the next line, after a length": (LENGTH, b"X: y", b" Transfer-Encoding: chunked"),
    "a space before the colon": (b"Transfer-Encoding : chunked",),
    "a tab before the colon": (b"Transfer-Encoding\t: chunked",),
    "a space before the name": (LENGTH, b" Transfer-Encoding: chunked"),
    "a NUL in the name": (LENGTH, b"Transfer\0-Encoding: chunked"),
    "a NUL after the value": (LENGTH, b"Transfer-Encoding: chunked\0"),
    "a line feed alone before it": (LENGTH + b"\nTransfer-Encoding: chunked",),
    "a carriage return alone before it": (LENGTH + b"\rTransfer-Encoding: chunked",),
    "a carriage return at its end": (LENGTH, b"X: y\r"),
}


def hiding(method: str, path: str, headers: tuple[bytes, ...], authorization: bytes, version: bytes = b"1.1") -> bytes:
    """A request whose body, in whatever way one reads it, is followed by another request or holds it."""
    first = b"%s %s HTTP/%s" % (method.encode(), path.encode(), version)
    return b"\r\n".join([first, b"Host: x", authorization, *headers, b"", EMPTY + HIDDEN])


@pytest.fixture
def authorization(world):
    return f"Authorization: {raw.basic(*world.auth)}".encode()


@pytest.mark.parametrize("framing", FRAMINGS)
@pytest.mark.parametrize("operation", ["fetchBinding", "registerBinding"])
def test_a_body_whose_end_is_unclear(ask, authorization, framing, operation):
    """It is a 400 and the end of the connection: neither the request nor what is hidden in it is answered."""
    method = "GET" if operation == "fetchBinding" else "POST"
    (answer,) = raw.exchange(ask.url, hiding(method, ask.path(operation), FRAMINGS[framing], authorization))
    check_error(answer, "malformed_request", operation)
    assert answer.header("Connection") == "close"


@pytest.mark.parametrize("framing", FRAMINGS)
def test_refused_requests_are_not_carried_out(ask, world, authorization, framing):
    """A DELETE with such a body deletes nothing."""
    sid = world.full["bindings"][1]["sid"]
    sent = hiding("DELETE", ask.path("deleteBinding", sid=sid), FRAMINGS[framing], authorization)
    (answer,) = raw.exchange(ask.url, sent)
    assert answer.status == 400
    check_documented(ask("fetchBinding", sid=sid), "fetchBinding")


def test_chunks_of_http_1_0(ask, authorization):
    """HTTP/1.0 has no chunks: a proxy in between took the body for another one (RFC 9112, 6.1)."""
    sent = hiding("GET", ask.path("fetchBinding"), (CHUNKED,), authorization, version=b"1.0")
    (answer,) = raw.exchange(ask.url, sent)
    check_error(answer, "malformed_request", "fetchBinding")


BROKEN_CHUNKS = {
    "a size that is none": b"zz\r\n",
    "no size": b"\r\nab\r\n",
    "a size with a sign": b"+1\r\na\r\n",
    "a size below zero": b"-1\r\na\r\n",
    "a size with a prefix": b"0x1\r\na\r\n",
    "a space before the size": b" 1\r\na\r\n",
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


@pytest.mark.parametrize("chunk", BROKEN_CHUNKS)
@pytest.mark.parametrize("pieces", [1, 2])
def test_broken_chunks(ask, world, authorization, chunk, pieces):
    """A registration in broken chunks is a 400, registers nothing, and nothing after it is answered."""
    body = BROKEN_CHUNKS[chunk] + EMPTY + HIDDEN
    headers = (b"Host: x", authorization, CHUNKED, b"Content-Type: application/json")
    path = ask.path("registerBinding", world.empty["sid"]).encode()
    head = b"\r\n".join([b"POST " + path + b" HTTP/1.1", *headers, b"", b""])
    with raw.connect(ask.url) as connection:
        for piece in [head + body] if pieces == 1 else [head, body]:
            connection.sendall(piece)
        (answer,) = raw.parsed(raw.received(connection))
    check_error(answer, "malformed_request", "registerBinding")
    assert check_documented(ask("listBindings", service_sid=world.empty["sid"]), "listBindings")["bindings"] == []


@pytest.mark.parametrize("chunk", BROKEN_CHUNKS)
def test_a_delete_with_broken_chunks(ask, world, authorization, chunk):
    """What came in one piece with its broken body is not done."""
    sid = world.full["bindings"][1]["sid"]
    head = (b"DELETE %s HTTP/1.1" % ask.path("deleteBinding", sid=sid).encode(), b"Host: x", authorization, CHUNKED)
    (answer,) = raw.exchange(ask.url, b"\r\n".join([*head, b"", BROKEN_CHUNKS[chunk] + EMPTY + HIDDEN]))
    check_error(answer, "malformed_request", "deleteBinding")
    check_documented(ask("fetchBinding", sid=sid), "fetchBinding")


def test_a_broken_body_of_what_was_answered(ask, authorization):
    """A fetch needs no body: it may be answered before its body breaks. Then nothing more comes."""
    head = (b"GET %s HTTP/1.1" % ask.path("fetchBinding").encode(), b"Host: x", authorization, CHUNKED, b"", b"")
    with raw.connect(ask.url) as connection:
        connection.sendall(b"\r\n".join(head))
        check_documented(raw.one(connection), "fetchBinding")
        connection.sendall(b"zz\r\n" + HIDDEN)
        assert raw.received(connection) == b""


@pytest.mark.parametrize("extension", [b";x=y", b';x="y;z"', b";x", b";" + b"x" * 5000])
def test_extensions_of_chunks(ask, authorization, extension):
    """Extensions of chunks mean nothing, and what follows the body is a request of its own."""
    body = registration(endpoint=f"extended by {len(extension)}")
    chunks = b"%x%s\r\n%s\r\n0%s\r\n\r\n" % (len(body), extension, body, extension)
    head = (b"POST %s HTTP/1.1" % ask.path("registerBinding").encode(), b"Host: x", authorization, CHUNKED, b"")
    sent = b"\r\n".join([*head, chunks]) + raw.compose("GET", "/next", [("Host", "x"), ("Connection", "close")])
    first, second = raw.exchange(ask.url, sent)
    check_documented(first, "registerBinding")
    check_error(second, "not_found", path="/next")


@pytest.mark.parametrize("pieces", [1, 3])
def test_fields_after_chunks_are_no_headers(ask, world, pieces):
    """What follows the last chunk cannot take the place of a header: not of the credentials, nor of the host."""
    authorization = f"Authorization: {raw.basic(*world.auth)}".encode()
    path = ask.path("registerBinding").encode()
    body = registration(endpoint="followed")
    head = b"\r\n".join([b"POST %s HTTP/1.1" % path, b"Host: chat.example", CHUNKED])
    chunks = b"%x\r\n%s\r\n0\r\n" % (len(body), body)
    trailers = b"\r\n".join([b"Host: evil.example", b"X-Forwarded-Host: evil.example", b"Content-Type: a/b", b"", b""])

    def ask_in_pieces(*parts: bytes) -> raw.Response:
        waits = b"GET /first HTTP/1.1\r\nHost: x\r\n\r\n" if pieces == 1 else b""
        with raw.connect(ask.url) as connection:
            for part in [waits + b"".join(parts)] if pieces == 1 else parts:
                connection.sendall(part)
            connection.sendall(raw.compose("GET", "/last", [("Host", "x"), ("Connection", "close")]))
            return list(raw.parsed(raw.received(connection)))[-2]

    unauthorized = ask_in_pieces(head + b"\r\n\r\n", chunks, authorization + b"\r\n\r\n")
    check_error(unauthorized, "unauthorized", "registerBinding")
    answer = ask_in_pieces(head + b"\r\n" + authorization + b"\r\n\r\n", chunks, trailers)
    assert check_documented(answer, "registerBinding")["url"].startswith("http://chat.example/")


@pytest.mark.parametrize("step", [1, 7, 1000])
def test_a_body_that_follows_an_offer_to_upgrade(ask, world, step):
    """A body is a body however the request that offers another protocol is cut: it is never taken for a request."""
    body = b"GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n"
    headers = [("Host", "x"), ("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Content-Length", str(len(body)))]
    sent = raw.compose("GET", "/first", headers, body)
    sent += raw.compose("GET", "/last", [("Host", "x"), ("Connection", "close")])
    with raw.connect(ask.url) as connection:
        for start in range(0, len(sent), step):
            connection.sendall(sent[start : start + step])
        first, last = raw.parsed(raw.received(connection))
    check_error(first, "not_found", path="/first")
    check_error(last, "not_found", path="/last")


@pytest.mark.parametrize("target", ["chat.example:443", "/x", "http://chat.example/"])
def test_a_tunnel(ask, target):
    """There is no tunnel to be had, and nothing of what is sent into it is answered."""
    headers = [("Host", "chat.example"), ("Content-Length", "3")]
    (answer,) = raw.exchange(ask.url, raw.compose("CONNECT", target, headers, b"abc" + HIDDEN))
    check_error(answer, "malformed_request")


def test_malformed_requests_are_answered_in_their_turn(ask, authorization):
    """Requests before it are answered first: no answer is taken for that of another request."""
    fetch = b"GET %s HTTP/1.1\r\nHost: x\r\n%s\r\n\r\n" % (ask.path("fetchBinding").encode(), authorization)
    broken = hiding("DELETE", ask.path("deleteBinding"), (LENGTH, CHUNKED), authorization)
    first, second, third = raw.exchange(ask.url, fetch + fetch + broken + fetch)
    check_documented(first, "fetchBinding")
    check_documented(second, "fetchBinding")
    check_error(third, "malformed_request")


@pytest.mark.parametrize(
    "garbage", [b"\0", b"nonsense\r\n\r\n", b"GET / HTTP/1.1\r\nHost : x\r\n\r\n", b"\x16\x03\x01"]
)
def test_garbage_in_the_same_piece(ask, authorization, garbage):
    """Garbage right behind a request spoils neither it nor its answer."""
    fetch = b"GET %s HTTP/1.1\r\nHost: x\r\n%s\r\n\r\n" % (ask.path("fetchBinding").encode(), authorization)
    first, second = raw.exchange(ask.url, fetch + garbage)
    check_documented(first, "fetchBinding")
    check_error(second, "malformed_request")


def test_nothing_after_the_last_request(ask, authorization):
    """What follows a request that closes its connection is not done."""
    close = b"GET %s HTTP/1.1\r\nHost: x\r\n%s\r\nConnection: close\r\n\r\n"
    sent = close % (ask.path("fetchBinding").encode(), authorization)
    (answer,) = raw.exchange(ask.url, sent + HIDDEN * 3)
    check_documented(answer, "fetchBinding")


@pytest.mark.parametrize(
    "version", [b"HTTP/0.9", b"HTTP/1.2", b"HTTP/2.0", b"HTTP/3.0", b"http/1.1", b"HTTP/1.1 ", b""]
)
def test_versions_that_are_not_spoken(ask, authorization, version):
    """What is neither HTTP/1.1 nor HTTP/1.0 is a 400: a client that meant it would not know the answer's form."""
    target = b" ".join(filter(None, [ask.path("fetchBinding").encode(), version]))
    (answer,) = raw.exchange(ask.url, b"GET %s\r\nHost: x\r\n%s\r\n\r\n" % (target, authorization))
    check_error(answer, "malformed_request", "fetchBinding")


def test_the_log_holds_no_fault(service):
    """None of this is a fault of ours."""
    assert "Traceback" not in service.log
    assert "internal error" not in service.log


def test_six_thousand_requests_at_once(ask):
    """Thousands of small requests sent without waiting are answered one after the other, all of them."""
    request = b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n"
    last = raw.compose("GET", "/last", [("Host", "x"), ("Connection", "close")])
    answers = raw.exchange(ask.url, request * 6000 + last)
    assert len(answers) == 6001
    assert {answer.status for answer in answers} == {404}
