"""HTTP itself: methods, headers, bodies and connections that the contract says nothing of change nothing."""

import json
import time

import pytest

from ..support import raw
from ..support.answers import allowed, check_documented, check_error, check_id, operations, response_of
from .conftest import registration

TEMPLATES = sorted({operation.template for operation in operations().values()})
OF = {template: next(o.operation_id for o in operations().values() if o.template == template) for template in TEMPLATES}

CONTENT_TYPES = ["application/x-www-form-urlencoded", "application/json", "text/plain", "multipart/form-data",
                 "garbage", "", "a/b; charset=x; charset=y", "application/json; charset=utf-16", b"\xff\xfe", "*/*",
                 "a" * 5000]  # fmt: skip
ACCEPTS = [("Accept", "application/xml"), ("Accept", "*/*;q=0"), ("Accept", ""), ("Accept", "no/such, ;;,"),
           ("Accept", "text/html,application/xhtml+xml"), ("Accept-Encoding", "utf-8"), ("Accept-Encoding", "gzip, br"),
           ("Accept-Encoding", "identity;q=0, *;q=0"), ("Accept-Encoding", ""), ("Accept-Charset", "utf-16"),
           ("Accept-Language", "tlh"), ("If-None-Match", "*"), ("If-Modified-Since", "yesterday"),
           ("Range", "bytes=0-1"), ("Expect", "a-miracle"), ("Upgrade", "h2c"),
           ("X-HTTP-Method-Override", "DELETE"), ("Cookie", 'a="b'),
           ("Forwarded", "for=x;host=evil;proto=ftp"), ("X-Forwarded-Prefix", "/evil")]  # fmt: skip
BODIES = [
    b"",
    b"x",
    b"{",
    b"\0\xff",
    b"Identity=a&BindingType=apn",
    b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"z" * 1_000_000,
]


def shown(response):
    """An answer without what differs from each to the next."""
    return response.status, [h for h in response.headers if h[0] not in ("date", "twilio-request-id")], response.content


@pytest.mark.parametrize(
    ("operation", "options"),
    [
        ("listBindings", {}),
        ("listBindings", {"query": "PageSize=3"}),
        ("listBindings", {"query": "PageSize=x"}),
        ("listBindings", {"query": "PageSize=9999"}),
        ("listBindings", {"auth": None}),
        ("listBindings", {"service_sid": "IS1"}),
        ("fetchBinding", {}),
        ("fetchBinding", {"query": "x=1"}),
        ("fetchBinding", {"auth": None}),
        ("fetchBinding", {"sid": "BS1"}),
        ("fetchBinding", {"path": "/nowhere"}),
    ],
)
def test_head_answers_as_get(ask, operation, options):
    """HEAD gives the status and the headers of GET, length and all, and no body."""
    get, head = ask(operation, **options), ask(operation, **options, method="HEAD")
    check_id(head)
    assert shown(head) == (*shown(get)[:2], b"")
    assert head.header("Content-Length") == str(len(get.content))


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("method", ["GET", "DELETE", "POST", "PUT", "nonsense", ""])
@pytest.mark.parametrize("auth", [None, "Basic eDp5"])
def test_a_preflight(ask, template, method, auth):
    """A preflight needs no credentials; its response has the path's methods and the requested headers."""
    asked = "authorization, content-type, x-own"
    headers = [("Origin", "https://app.example"), ("Access-Control-Request-Method", method),
               ("Access-Control-Request-Headers", asked)]  # fmt: skip
    response = ask(OF[template], method="OPTIONS", auth=auth, headers=headers, body=b"")
    check_id(response)
    assert (response.status, response.content) == (204, b"")
    assert set(response.header("Access-Control-Allow-Methods").split(", ")) == allowed(template)
    assert response.header("Access-Control-Allow-Headers") == asked
    assert response.header("Access-Control-Allow-Origin") == "*"


def test_a_preflight_that_asks_for_no_headers(ask):
    """A preflight that names no headers gets those that the API needs."""
    headers = [("Origin", "null"), ("Access-Control-Request-Method", "GET")]
    response = ask("listBindings", method="OPTIONS", auth=None, headers=headers)
    assert (response.status, response.header("Access-Control-Allow-Headers")) == (204, "Authorization")


def test_a_preflight_of_a_path_that_is_not_in_the_specs(ask):
    """There is nothing to allow where there is nothing."""
    headers = [("Origin", "https://app.example"), ("Access-Control-Request-Method", "GET")]
    check_error(ask("listBindings", method="OPTIONS", path="/v2", auth=None, headers=headers), "not_found")


@pytest.mark.parametrize("origin", ["https://app.example", "null", "", "garbage", b"\xff", "https://a, https://b"])
@pytest.mark.parametrize(
    ("operation", "options", "status"),
    [
        ("listBindings", {}, 200),
        ("fetchBinding", {}, 200),
        ("registerBinding", {}, (200, 201)),
        ("listBindings", {"query": "PageSize=x"}, 400),
        ("fetchBinding", {"auth": None}, 401),
        ("deleteBinding", {"sid": "BS1"}, 404),
        ("fetchBinding", {"path": "/nowhere"}, 404),
        ("fetchBinding", {"method": "PUT"}, 405),
    ],
)
def test_an_origin_is_allowed(ask, operation, options, status, origin):
    """Every answer to a request with an `Origin`, errors too, may be read there; without one nothing is said of it."""
    response = ask(operation, **options, headers=[("Origin", origin)])
    assert response.status in (status if isinstance(status, tuple) else (status,))
    assert response.header("Access-Control-Allow-Origin") == "*"
    assert response.header("Access-Control-Allow-Credentials") is None
    assert "Twilio-Request-Id" in response.header("Access-Control-Expose-Headers")
    assert not any(name.startswith("access-control") for name, _ in ask(operation, **options).headers)


@pytest.mark.parametrize("operation", ["listBindings", "fetchBinding"])
def test_headers_that_change_nothing(ask, operation):
    """Whatever a GET says of its own body, of what it accepts or of conditions, the answer is the same."""
    plain = shown(ask(operation))
    for content_type in CONTENT_TYPES:
        assert shown(ask(operation, headers=[("Content-Type", content_type)])) == plain, content_type
    for header in ACCEPTS:
        assert shown(ask(operation, headers=[header])) == plain, header


@pytest.mark.parametrize("content_type", ["", "application/json", "application/x-www-form-urlencoded", "garbage"])
@pytest.mark.parametrize("operation", ["listBindings", "fetchBinding"])
def test_a_body_that_changes_nothing(ask, operation, content_type):
    """Whatever body a GET has, whole or in chunks, the answer is the same."""
    plain = shown(ask(operation))
    headers = [("Content-Type", content_type)] if content_type else []
    for body in BODIES:
        assert shown(ask(operation, headers=headers, body=body)) == plain
    chunked = [*headers, ("Transfer-Encoding", "chunked")]
    path = ask.path(operation)
    authorization = ("Authorization", raw.basic(*ask.world.auth))
    for chunks in (b"0\r\n\r\n", b"3\r\nabc\r\n0\r\n\r\n", b"3;x=y\r\nabc\r\n0\r\nTrailer: x\r\n\r\n"):
        assert shown(raw.ask(ask.url, "GET", path, [authorization, *chunked], chunks)) == plain


@pytest.mark.parametrize("extra", [*(("Content-Type", each) for each in CONTENT_TYPES), *ACCEPTS])
def test_a_delete_is_one_whatever_else_it_says(ask, extra):
    """A DELETE with any header and a body deletes, and its answer has neither body nor length."""
    sid = new(ask, str(extra)[:100])
    response = ask("deleteBinding", sid=sid, headers=[extra], body=b"Identity=nobody")
    check_documented(response, "deleteBinding")
    assert (response.status, response.header("Content-Length")) == (204, None)
    check_error(ask("fetchBinding", sid=sid), "not_found", "fetchBinding")


@pytest.mark.parametrize("body", BODIES)
def test_a_delete_is_one_whatever_its_body(ask, body):
    """A DELETE with any body deletes."""
    sid = new(ask, f"body of {len(body)}")
    assert ask("deleteBinding", sid=sid, headers=[("Content-Type", "application/json")], body=body).status == 204
    assert ask("fetchBinding", sid=sid).status == 404


def new(ask, endpoint: str) -> str:
    response = ask("registerBinding", body=registration(endpoint=endpoint))
    return check_documented(response, "registerBinding")["sid"]


def test_answers_say_who_may_keep_them_and_not_who_made_them(ask):
    """An answer has a date and a length, and neither a cookie nor the name of the server."""
    for answer in (ask("fetchBinding"), ask("listBindings"), ask("registerBinding"), ask("fetchBinding", sid="x")):
        assert answer.header("Cache-Control") == "no-store"
    names = {name for name, _ in ask("fetchBinding").headers}
    assert names >= {"date", "content-length", "content-type", "twilio-request-id"}
    assert not names & {"server", "set-cookie", "x-powered-by", "transfer-encoding", "content-encoding"}


def test_a_connection_serves_many_requests(client, world):
    """On one kept connection answers and errors take turns, each complete."""
    path = f"/v2/Services/{world.full['sid']}/Bindings"
    for _ in range(20):
        check_documented(response_of(client.get(path)), "listBindings")
        check_error(response_of(client.get(path, params={"PageSize": 0})), "invalid_parameter", "listBindings")
        check_error(response_of(client.get("/x")), "not_found")
        check_error(response_of(client.put(path, content=b"z" * 100_000)), "method_not_allowed", "listBindings")
        check_error(response_of(client.get(path, auth=("x", "y"))), "unauthorized", "listBindings")


def test_requests_that_do_not_wait_for_answers(ask, world):
    """Requests sent at once on one connection are answered in their order, whatever their methods and bodies."""
    sids = [binding["sid"] for binding in world.full["bindings"][:30]]
    headers = [("Host", "x"), ("Authorization", raw.basic(*world.auth))]
    body = b"ignored"
    sent = b"".join(
        raw.compose("GET", ask.path("fetchBinding", sid=sid), [*headers, ("Content-Length", str(len(body)))], body)
        for sid in sids
    )
    last = raw.compose("GET", "/nowhere", [*headers, ("Connection", "close")])
    *answers, end = raw.exchange(ask.url, sent + last)
    assert [check_documented(answer, "fetchBinding")["sid"] for answer in answers] == sids
    check_error(end, "not_found")


def test_writes_that_do_not_wait_for_answers(ask, world):
    """A registration, a fetch and a delete sent at once are done in their order."""
    headers = [("Host", "x"), ("Authorization", raw.basic(*world.auth))]
    sid = new(ask, "pipelined")
    path = ask.path("fetchBinding", sid=sid)
    sent = [raw.compose(method, path, headers) for method in ("GET", "DELETE", "GET", "DELETE")]
    sent.append(raw.compose("GET", "/x", [*headers, ("Connection", "close")]))
    assert [answer.status for answer in raw.exchange(ask.url, b"".join(sent))] == [200, 204, 404, 404, 404]


def test_a_request_byte_by_byte(ask, world):
    """A request that arrives in pieces is one request."""
    headers = [("Host", "x"), ("Authorization", raw.basic(*world.auth)), ("Connection", "close")]
    with raw.connect(ask.url) as connection:
        for byte in raw.compose("GET", ask.path("fetchBinding"), headers):
            connection.sendall(bytes([byte]))
        (answer,) = raw.parsed(raw.received(connection))
    check_documented(answer, "fetchBinding")


@pytest.mark.parametrize("host", [True, False])
def test_http_1_0(ask, world, host):
    """An HTTP/1.0 request, which needs no Host, is answered, and the connection closed."""
    headers = [("Authorization", raw.basic(*world.auth))] + ([("Host", "old.example")] if host else [])
    (answer,) = raw.exchange(ask.url, raw.compose("GET", ask.path("listBindings"), headers, version="HTTP/1.0"))
    body = check_documented(answer, "listBindings")
    origin = "http://old.example/" if host else f"{ask.url}/"
    assert body["meta"]["first_page_url"].startswith(origin)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_target_in_absolute_form(ask, world, scheme):
    """A request whose target is a whole URL, as proxies send it, is for the host of that URL (RFC 9112, 3.2.2)."""
    target = f"{scheme}://chat.example{ask.path('listBindings')}?PageSize=2"
    response = raw.ask(ask.url, "GET", target, [("Authorization", raw.basic(*world.auth))])
    page = check_documented(response, "listBindings")
    assert len(page["bindings"]) == 2
    assert page["meta"]["url"].startswith("http://chat.example/")


HOSTS = ["chat.twilio.com", "CHAT.twilio.com", "chat.twilio.com:8443", "127.0.0.1", "127.0.0.1:1", "[::1]",
         "[::1]:8000", "localhost.", "a_b", "xn--bcher-kva.example", "a"]  # fmt: skip
NO_HOSTS = ["a b", "a/b", "u@h", "a:b", "a:", "a:123456", ":80", "a,b", "<script>", "é.example", "[::1", "::1", "a?b",
            "a#b", "http://a", 'a"b', "a'b", "a%00b", "a\\b", b"\xff", "%61", "a;b", "$(x)"]  # fmt: skip


@pytest.mark.parametrize("host", HOSTS)
def test_urls_are_of_the_host_that_was_asked(ask, host):
    """Absolute URLs begin with the request's own host, as it stands."""
    body = check_documented(ask("fetchBinding", headers=[("Host", host)]), "fetchBinding")
    assert body["url"] == f"http://{host}{ask.path('fetchBinding')}"


@pytest.mark.parametrize("operation", sorted(operations()))
@pytest.mark.parametrize("host", NO_HOSTS)
def test_a_host_that_is_none(ask, operation, host):
    """What is no host never gets into a URL: it is a 400 that names the header, and nothing is done."""
    response = ask(operation, headers=[("Host", host)])
    check_error(response, "invalid_parameter", operation, parameter="The Host header")


@pytest.mark.parametrize("operation", sorted(operations()))
def test_two_hosts(ask, operation):
    """Two Host headers are a 400 (RFC 9112, 3.2), since they are ambiguous."""
    response = ask(operation, headers=[("Host", "a.example"), ("Host", "b.example")])
    check_error(response, "invalid_parameter", operation, parameter="The Host header")


@pytest.mark.parametrize("target", ["", "http://chat.example"])
def test_no_host(ask, world, target):
    """Without a Host, or with an empty one, a request of HTTP/1.1 is a 400 (RFC 9112, 3.2)."""
    headers = [("Authorization", raw.basic(*world.auth)), ("Connection", "close")]
    for more in ([], [("Host", "")]):
        sent = raw.compose("GET", f"{target}{ask.path('fetchBinding')}", [*more, *headers])
        (answer,) = raw.exchange(ask.url, sent)
        check_error(answer, "invalid_parameter", "fetchBinding", parameter="The Host header")


UPGRADES = [
    [("Upgrade", "h2c"), ("HTTP2-Settings", "AAMAAABkAAQCAAAAAAIAAAAA"), ("Connection", "Upgrade, HTTP2-Settings")],
    [("Upgrade", "websocket"), ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="), ("Sec-WebSocket-Version", "13"),
     ("Connection", "Upgrade")],
]  # fmt: skip


@pytest.mark.parametrize("upgrade", UPGRADES)
@pytest.mark.parametrize("operation", ["fetchBinding", "registerBinding"])
def test_an_upgrade_that_is_not_to_be_had(ask, world, operation, upgrade):
    """A client that offers another protocol (`curl --http2`) is answered in this one, with its body."""
    body = registration(endpoint=str(upgrade)) if operation == "registerBinding" else b""
    headers = [("Host", "x"), ("Authorization", raw.basic(*world.auth)), ("Content-Length", str(len(body))), *upgrade]
    with raw.connect(ask.url) as connection:
        connection.sendall(raw.compose(operations()[operation].method, ask.path(operation), headers, body))
        answer = raw.one(connection)
    assert check_documented(answer, operation)["service_sid"] == world.full["sid"]


def test_a_client_that_waits_to_be_told_to_go_on(ask, world):
    """A registration with `Expect: 100-continue` gets 100 before it sends its body."""
    body = registration(endpoint="expecting")
    headers = [("Host", "x"), ("Authorization", raw.basic(*world.auth)), ("Content-Length", str(len(body))),
               ("Expect", "100-continue"), ("Connection", "close")]  # fmt: skip
    with raw.connect(ask.url) as connection:
        connection.sendall(raw.compose("POST", ask.path("registerBinding"), headers))
        assert connection.recv(1000).startswith(b"HTTP/1.1 100 ")
        connection.sendall(body)
        (answer,) = raw.parsed(raw.received(connection))
    assert check_documented(answer, "registerBinding")["endpoint"] == "expecting"


def test_a_registration_in_chunks(ask, world):
    """A registration that is sent in chunks is the same as in one piece."""
    body = registration(endpoint="chunked")
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(body[i : i + 7]), body[i : i + 7]) for i in range(0, len(body), 7))
    headers = [("Authorization", raw.basic(*world.auth)), ("Transfer-Encoding", "chunked")]
    response = raw.ask(ask.url, "POST", ask.path("registerBinding"), headers, chunks + b"0\r\n\r\n")
    assert check_documented(response, "registerBinding")["endpoint"] == "chunked"


def test_a_client_that_hangs_up_registers_nothing(ask, world, service):
    """A body that was cut off by the client's end is not taken for a whole one."""
    empty = world.empty["sid"]
    body = registration(endpoint="cut")
    headers = [("Host", "x"), ("Authorization", raw.basic(*world.auth)), ("Content-Length", str(len(body) + 1))]
    for _ in range(5):
        with raw.connect(ask.url) as connection:
            connection.sendall(raw.compose("POST", ask.path("registerBinding", empty), headers, body))
            time.sleep(0.1)  # so that what was sent is read before the end is seen
    listed = check_documented(ask("listBindings", service_sid=empty), "listBindings")
    assert listed["bindings"] == []
    assert "Traceback" not in service.log


def test_bodies_are_one_json_document(ask):
    """A body is one JSON document in UTF-8, not escaped to ASCII and not followed by anything."""
    content = ask("listBindings", "PageSize=1000").content
    assert json.loads(content.decode("utf-8", errors="strict"))["meta"]["key"] == "bindings"
