"""Requests that are too large are refused with the broken bound, and those that keep it to the byte are accepted."""

import collections

import pytest

from chat_bindings.server.http.limits import Limits

from ..server.conftest import CLOSE, registration
from ..support import raw
from ..support.answers import check_documented, check_error, errors

LIMITS = Limits()
LONGEST_URL = 65_535  # the spec's sentence says it


def test_the_longest_url(ask):
    """A URL of the length that the spec names is read; with one byte more it is refused in the spec's words."""
    assert f"{LONGEST_URL:,}" in errors()["malformed_request"]["x-message"]
    path = f"{ask.path('listBindings')}?Identity="
    longest = path + "a" * (LONGEST_URL - len(path))
    check_documented(ask("listBindings", path=longest), "listBindings")
    check_error(ask("listBindings", path=f"{longest}a"), "malformed_request", "listBindings")


def head_of(ask, size: int, value: str = "") -> bytes:
    """Make a request with a head of a size; the last header fills it up."""
    head = ask.compose("fetchBinding", CLOSE, ("X-Fill", value))
    return head if value else head_of(ask, size, "a" * (size - len(head)))


@pytest.mark.parametrize("step", [1_000_000, 10_000, 777])
def test_the_largest_head(ask, step):
    """A head of the largest size is read, in one piece or in many; with one byte more it is refused with the bound."""
    for size, status in ((LIMITS.max_head, 200), (LIMITS.max_head + 1, 400)):
        sent = head_of(ask, size)
        assert len(sent) == size
        (answer,) = raw.exchange(ask.url, *(sent[start : start + step] for start in range(0, size, step)))
        assert answer.status == status
    message = check_error(answer, "invalid_parameter", "fetchBinding", parameter="The head of the request")
    assert str(LIMITS.max_head) in message


def test_heads_on_one_connection_are_bounded_one_by_one(ask):
    """Requests that are small each are read, however many bytes they have together, and so are those after a body."""
    head = head_of(ask, LIMITS.max_head // 2).replace(b"Connection: close\r\n", b"")
    last = head_of(ask, LIMITS.max_head - 100)
    answers = raw.exchange(ask.url, head * 5 + last)
    assert [answer.status for answer in answers] == [200] * 6


def test_a_head_that_is_far_too_large(ask):
    """It is refused as soon as it is too large, and the client gets to read why though it is still sending."""
    size = 1_000_000
    for sent in (head_of(ask, size), b"GET /?" + b"a" * size + b" HTTP/1.1\r\nHost: x\r\n\r\n"):
        (answer,) = raw.exchange(ask.url, sent)
        assert answer.status == 400


def test_the_most_headers(ask):
    """As many headers as are allowed are read; with one more the request is refused with the bound."""
    given = 3  # those that `ask` adds
    most = [("X", "a")] * (LIMITS.max_headers - given)
    check_documented(ask("fetchBinding", headers=most), "fetchBinding")
    answer = ask("fetchBinding", headers=[*most, ("X", "a")])
    assert str(LIMITS.max_headers) in check_error(answer, "invalid_parameter", "fetchBinding", parameter="The request")


def body_of(size: int) -> bytes:
    """Make a registration of a size: of a property that is sent twice the last counts."""
    body = b"&" + registration(endpoint=f"large {size}")
    return b"Identity=".ljust(size - len(body), b"a") + body


def in_chunks(body: bytes) -> bytes:
    pieces = [body[start : start + 50_000] for start in range(0, len(body), 50_000)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("more", [0, 1, 3_000_000])
def test_the_largest_body(ask, chunked, more):
    """A registration of the largest size is taken; with more it is refused with the bound, and can be read."""
    body = body_of(LIMITS.max_body + more)
    if chunked:
        sent = ask.compose("registerBinding", ("Transfer-Encoding", "chunked"), CLOSE) + in_chunks(body)
    else:
        sent = ask.compose("registerBinding", CLOSE, body=body)
    (answer,) = raw.exchange(ask.url, sent)
    if not more:
        check_documented(answer, "registerBinding")
        return
    message = check_error(answer, "invalid_parameter", "registerBinding", parameter="The body")
    assert str(LIMITS.max_body) in message


def test_a_body_that_would_be_too_large(ask):
    """A client with `Expect: 100-continue` gets no 100 for a body that is too large."""
    with raw.connect(ask.url) as connection:
        headers = ("Expect", "100-continue"), ("Content-Length", str(1 << 40))
        connection.sendall(ask.compose("registerBinding", *headers))
        received = raw.received(connection)
    assert b" 100 " not in received
    (answer,) = raw.parsed(received)
    check_error(answer, "invalid_parameter", "registerBinding", parameter="The body")


def test_a_connection_after_a_body_that_was_not_read(ask):
    """The rest of a body that is too large is no request: the next one on its connection is answered."""
    body = body_of(LIMITS.max_body + 500_000).replace(b"aaaa\r\n", b"\r\n\r\n")
    sent = ask.compose("registerBinding", body=body) + raw.compose("GET", "/x", [("Host", "x"), CLOSE])
    first, second = raw.exchange(ask.url, sent)
    check_error(first, "invalid_parameter", "registerBinding", parameter="The body")
    check_error(second, "not_found", path="/x")


@pytest.mark.parametrize("operation", ["fetchBinding", "deleteBinding"])
def test_a_body_of_an_operation_without_one(ask, operation):
    """It changes nothing, however large it is."""
    check_error(ask(operation, sid=f"BS{'0' * 32}", body=b"a" * 3_000_000), "not_found", operation)


@pytest.mark.parametrize("field", [b"X-Last: " + b"a" * 3_000_000, b"X: a\r\n" * 500_000])
def test_fields_after_chunks_without_end(ask, field):
    """Fields after the last chunk are not kept: one without end ends the connection, and fields are nothing."""
    with raw.connect(ask.url) as connection:
        answer = raw.one(connection, ask.compose("fetchBinding", ("Transfer-Encoding", "chunked")) + b"0\r\n")
        check_documented(answer, "fetchBinding")
        connection.sendall(field)
        assert raw.received(connection) == b""


def test_limits_are_options(ask, serve, world):
    """Each bound can be set."""
    path, auth = ask.path("registerBinding"), ("Authorization", raw.basic(*world.auth))
    other = serve("--max-head", 20_000, "--max-headers", 5, "--max-body", 16_384)
    for headers, body, bound in (
        ([("X", "a" * 20_000)], b"", "20000"),
        ([("X", "a")] * 3, b"", "5"),
        ([("Content-Length", "16385")], body_of(16_385), "16384"),
    ):
        answer = raw.ask(other.url, "POST", path, [auth, *headers], body)
        assert f"at most {bound} " in check_error(answer, "invalid_parameter", "registerBinding")


@pytest.mark.parametrize("piece", [b"X-%d: " + b"a" * 60_000 + b"\r\n", b"a" * 60_000, b"\r\n" * 30_000])
def test_a_head_that_never_ends(ask, piece):
    """Headers, a header or empty lines without end are not taken, and kept, without end."""
    with raw.connect(ask.url) as connection:
        connection.sendall(b"" if piece.isspace() else b"GET / HTTP/1.1\r\nHost: x\r\nX-First: ")
        endless = (piece.replace(b"%d", b"%d" % number) for number in range(1000))
        with pytest.raises(ConnectionError):
            collections.deque(map(connection.sendall, endless), maxlen=0)
