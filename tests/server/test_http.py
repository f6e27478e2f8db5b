"""HTTP itself: methods, headers, bodies and connections, as far as the clauses of HTTP do not prove them."""

import socket
import time
from itertools import product

import pytest

from ..support import raw
from ..support.answers import allowed, check_documented, check_error, check_id, operations
from .conftest import CLOSE, registration

TEMPLATES = sorted({operation.template for operation in operations().values()})
OF = {template: next(o.operation_id for o in operations().values() if o.template == template) for template in TEMPLATES}
ORIGIN = ("Origin", "https://app.example")


def comparable(response):
    """Return a response without its unique parts."""
    return response.status, [h for h in response.headers if h[0] not in ("date", "twilio-request-id")], response.content


@pytest.mark.parametrize(
    ("operation", "options"),
    [
        ("listBindings", {"query": "PageSize=3"}),
        ("fetchBinding", {"auth": None}),
        ("fetchBinding", {"path": "/nowhere"}),
    ],
)
def test_head_has_the_headers_of_get(ask, operation, options):
    """HEAD gives the status and the headers of GET, length and all, and no body."""
    get, head = ask(operation, **options), ask(operation, **options, method="HEAD")
    check_id(head)
    assert comparable(head) == (*comparable(get)[:2], b"")
    assert head.header("Content-Length") == str(len(get.content))


METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "QUERY")


@pytest.mark.parametrize("template", TEMPLATES)
def test_methods_that_a_path_does_not_have(ask, template):
    """A method that a path does not have is a 405, and `Allow` names those that it has: those of the spec."""
    unknown = {*METHODS} - (allowed(template) - {"OPTIONS"})
    for method, auth in product(unknown, ("", None)):
        response = ask(OF[template], method=method, auth=auth, body=b"")
        if method == "HEAD":
            check_id(response)
            assert (response.status, response.content) == (405, b"")
        else:
            check_error(response, "method_not_allowed", OF[template], method=method)
        # a preflight is answered; any other OPTIONS is no method of the path
        assert set(response.header("Allow").split(", ")) == allowed(template) - ({method} & {"OPTIONS"})


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize(("method", "auth"), [("GET", None), ("DELETE", "Basic eDp5"), ("nonsense", None), ("", None)])
def test_a_preflight(ask, template, method, auth):
    """A preflight needs no credentials; its response has the path's methods and the requested headers."""
    names = "authorization, content-type, x-own"
    headers = [ORIGIN, ("Access-Control-Request-Method", method), ("Access-Control-Request-Headers", names)]
    response = ask(OF[template], method="OPTIONS", auth=auth, headers=headers, body=b"")
    check_id(response)
    assert (response.status, response.content) == (204, b"")
    assert set(response.header("Access-Control-Allow-Methods").split(", ")) == allowed(template)
    assert response.header("Access-Control-Allow-Headers") == names
    assert response.header("Access-Control-Allow-Origin") == "*"


def test_a_preflight_without_headers_or_path(ask):
    """A preflight that names no headers gets those that the API needs; a path that is not in the specs is a 404."""
    headers = [("Origin", "null"), ("Access-Control-Request-Method", "GET")]
    response = ask("listBindings", method="OPTIONS", auth=None, headers=headers)
    assert (response.status, response.header("Access-Control-Allow-Headers")) == (204, "Authorization")
    check_error(ask("listBindings", method="OPTIONS", path="/v2", auth=None, headers=headers), "not_found")


@pytest.mark.parametrize("origin", ["null", "", b"\xff"])
@pytest.mark.parametrize(("operation", "options"), [("registerBinding", {}), ("fetchBinding", {"path": "/nowhere"})])
def test_any_origin_is_allowed(ask, operation, options, origin):
    """Every answer to a request with an `Origin`, errors too, has the headers of CORS; without one none has."""
    response = ask(operation, **options, headers=[("Origin", origin)])
    assert response.header("Access-Control-Allow-Origin") == "*"
    assert response.header("Access-Control-Allow-Credentials") is None
    assert "Twilio-Request-Id" in response.header("Access-Control-Expose-Headers")
    assert not any(name.startswith("access-control") for name, _ in ask(operation, **options).headers)


def test_headers_of_answers(ask):
    """No answer may be kept, errors neither; an answer has a length, and neither a cookie nor the server's name."""
    for answer in (ask("fetchBinding"), ask("registerBinding"), ask("fetchBinding", sid="x")):
        assert answer.header("Cache-Control") == "no-store"
        names = {name for name, _ in answer.headers}
        assert names >= {"date", "content-length", "content-type", "twilio-request-id"}
        assert not names & {"server", "set-cookie", "x-powered-by", "transfer-encoding", "content-encoding"}


def test_requests_that_do_not_wait_for_answers(ask, world):
    """Requests sent at once on one connection are carried out and answered in their order, whatever their bodies."""
    sids = [binding["sid"] for binding in world.full["bindings"][:30]]
    sent = [ask.compose("fetchBinding", sid=sid, body=b"ignored") for sid in sids]
    sent += [ask.compose(f"{verb}Binding", sid=sids[-1]) for verb in ("fetch", "delete", "fetch", "delete")]
    *answers, end = raw.exchange(ask.url, b"".join(sent) + raw.compose("GET", "/x", [("Host", "x"), CLOSE]))
    assert [check_documented(answer, "fetchBinding")["sid"] for answer in answers[:30]] == sids
    assert [answer.status for answer in answers[30:]] == [200, 204, 404, 404]
    check_error(end, "not_found")


UPGRADES = [
    [("Upgrade", "h2c"), ("HTTP2-Settings", "AAMAAABkAAQCAAAAAAIAAAAA"), ("Connection", "Upgrade, HTTP2-Settings")],
    [("Upgrade", "websocket"), ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="), ("Sec-WebSocket-Version", "13"),
     ("Connection", "Upgrade")],
]  # fmt: skip


@pytest.mark.parametrize("upgrade", UPGRADES)
@pytest.mark.parametrize("operation", ["fetchBinding", "registerBinding"])
def test_an_offer_to_upgrade(ask, world, operation, upgrade):
    """A client that offers another protocol (`curl --http2`) is answered in this one, with its body."""
    body = registration(endpoint=str(upgrade)) if operation == "registerBinding" else b""
    with raw.connect(ask.url) as connection:
        answer = raw.one(connection, ask.compose(operation, *upgrade, body=body))
    assert check_documented(answer, operation)["service_sid"] == world.full["sid"]


def test_expect_100_continue(ask):
    """A registration with `Expect: 100-continue` gets 100 before it sends its body."""
    body = registration(endpoint="expecting")
    head = ask.compose("registerBinding", ("Expect", "100-continue"), CLOSE, body=body).removesuffix(body)
    with raw.connect(ask.url) as connection:
        connection.sendall(head)
        assert connection.recv(1000).startswith(b"HTTP/1.1 100 ")
        answer = raw.one(connection, body)
    assert check_documented(answer, "registerBinding")["endpoint"] == "expecting"


def test_a_client_that_hangs_up_registers_nothing(ask, world):
    """A body that was cut off by the client's end is not taken for a whole one."""
    empty = world.empty["sid"]
    sent = ask.compose("registerBinding", body=registration(endpoint="cut") + b"&", service_sid=empty)
    for _ in range(5):
        with raw.connect(ask.url) as connection:
            connection.sendall(sent[:-1])
            time.sleep(0.1)  # so that what was sent is read before the end is seen
    listed = check_documented(ask("listBindings", service_sid=empty), "listBindings")
    assert listed["bindings"] == []


ODD_HEADERS = [("Content-Type", ""), ("Content-Type", b"\xff\xfe"), ("Content-Type", "a" * 5000),
               ("Content-Type", "a/b; charset=x; charset=y"), ("Content-Type", "application/json; charset=utf-16"),
               ("Accept", "*/*;q=0"), ("Accept", ""), ("Accept", "no/such, ;;,"), ("Accept-Encoding", ""),
               ("Accept-Encoding", "identity;q=0, *;q=0"), ("If-None-Match", "*"), ("Expect", "a-miracle"),
               ("Upgrade", "h2c"), ("Cookie", 'a="b')]  # fmt: skip


@pytest.mark.parametrize("header", ODD_HEADERS)
def test_odd_headers_change_nothing(ask, header):
    """Headers that the clauses do not send, or leave free, change neither a list nor a delete."""
    assert comparable(ask("listBindings", headers=[header])) == comparable(ask("listBindings"))
    made = ask("registerBinding", body=registration(endpoint=str(header)[:100]))
    sid = check_documented(made, "registerBinding")["sid"]
    response = ask("deleteBinding", sid=sid, headers=[header], body=b"z" * 1_000_000)
    check_documented(response, "deleteBinding")
    assert (response.status, response.header("Content-Length")) == (204, None)


@pytest.mark.parametrize("chunks", [b"0\r\n\r\n", b"3\r\nabc\r\n0\r\n\r\n", b"3;x=y\r\nabc\r\n0\r\nTrailer: x\r\n\r\n"])
def test_a_body_in_chunks_changes_nothing(ask, chunks):
    """A GET with a body in chunks is answered as without."""
    (answer,) = raw.exchange(ask.url, ask.compose("fetchBinding", ("Transfer-Encoding", "chunked"), CLOSE) + chunks)
    assert comparable(answer)[2] == ask("fetchBinding", headers=[("Host", "x")]).content


def test_a_request_byte_by_byte(ask):
    """A request that arrives in pieces is one request."""
    (answer,) = raw.exchange(ask.url, *(bytes([byte]) for byte in ask.compose("fetchBinding", CLOSE)))
    check_documented(answer, "fetchBinding")


def test_a_connection_that_is_reset(ask):
    """A client that resets its connection in the middle of an answer leaves no trace but in its own line of the log."""
    for _ in range(20):
        with raw.connect(ask.url) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            connection.sendall(ask.compose("listBindings") * 20)
    check_documented(ask("listBindings"), "listBindings")
