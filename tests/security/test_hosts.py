"""Absolute URLs: of the request's host, of the public URL, or of a trusted proxy's headers; of allowed hosts alone."""

import pytest

from ..support import raw
from ..support.answers import check_documented, check_error, operations

ALLOWED = ["chat.example", "*.below.example", "[::1]", "ported.example:8443", "Capital.Example"]
EVIL = "evil.example"
ORIGIN = ("Origin", "https://app.example")


@pytest.fixture(scope="module")
def guarded(serve):
    """Start a service that is for some hosts, behind a proxy at 127.0.0.1."""
    hosts = [part for host in ALLOWED for part in ("--allowed-host", host)]
    return serve(*hosts, "--trusted-proxy", "127.0.0.1")


@pytest.fixture
def send(world):
    """Return a function that sends an operation's request, with no header but the credentials and those given."""

    def request(service, *headers, operation="fetchBinding", target="", version="HTTP/1.1", connection=None):
        method, path = operations()[operation].method, operations()[operation].path(
            ServiceSid=world.full["sid"], Sid=world.full["bindings"][0]["sid"])  # fmt: skip
        sent = [*headers, ("Authorization", raw.basic(*world.auth))]
        if connection is not None:
            return raw.one(connection, raw.compose(method, path, sent))
        sent.append(("Connection", "close"))
        (answer,) = raw.exchange(service.url, raw.compose(method, f"{target}{path}", sent, version=version))
        return answer

    return request


@pytest.fixture
def origin(send):
    """Return a function that reads the part before the path in every URL of a Binding and of a page."""

    def of(service, *headers, **options):
        body = check_documented(send(service, *headers, **options), "fetchBinding")
        page = check_documented(send(service, *headers, operation="listBindings", **options), "listBindings")
        urls = [body["url"], body["links"]["user"], *(each["url"] for each in page["bindings"])]
        urls += [page["meta"][key] for key in ("url", "first_page_url", "next_page_url")]
        (found,) = {url.partition("/v2/")[0] for url in urls}
        return found

    return of


def check_refused(answer, header: str = "Host", operation: str | None = "fetchBinding") -> None:
    check_error(answer, "invalid_parameter", operation, parameter=f"The {header} header")


@pytest.mark.parametrize(
    "host",
    ["CHAT.Example", "chat.example.", "chat.example:8000", "capital.example", "a.b.below.example:1", "[::1]:8000",
     "ported.example:8443"],
)  # fmt: skip
def test_hosts_that_are_allowed(guarded, origin, host):
    """An allowed host is served, on any port unless one is named, in any case of letters; URLs name it as it stood."""
    assert origin(guarded, ("Host", host)) == f"http://{host}"


@pytest.mark.parametrize(
    "host",
    [EVIL, "127.0.0.1", "below.example", "xbelow.example", "chat.example.evil.example", "ported.example",
     "ported.example:8444", "achat.example", "[::2]", "chat.example..", "::1", ".chat.example", "*.below.example"],
)  # fmt: skip
def test_hosts_that_are_not_allowed(guarded, send, host):
    """Any other host is a 400 that names the header, on every path, and the host stands nowhere in the answer."""
    answers = [raw.ask(guarded.url, "GET", path, [("Host", host)]) for path in ("/nowhere", "/docs/")]
    for answer in (send(guarded, ("Host", host)), *answers):
        check_refused(answer, operation=None)
        assert EVIL not in str(answer)


def test_refused_requests_are_not_carried_out(guarded, send):
    """A DELETE for another host deletes nothing."""
    check_refused(send(guarded, ("Host", EVIL), operation="deleteBinding"), operation="deleteBinding")
    assert send(guarded, ("Host", "chat.example")).status == 200


def test_a_target_cannot_name_another_host(guarded, send, origin):
    """A whole URL as target names the host; the Host header beside it does not count (RFC 9112, 3.2.2)."""
    check_refused(send(guarded, ("Host", "chat.example"), target=f"http://{EVIL}"))
    assert origin(guarded, ("Host", EVIL), target="http://chat.example") == "http://chat.example"


def test_a_proxy_cannot_name_another_host(guarded, send, origin):
    """The last value of a trusted proxy's headers counts, and it has to be allowed, too."""
    for values in (["chat.example"], [f"{EVIL}, chat.example"], [EVIL, "chat.example"]):
        headers = [("X-Forwarded-Host", value) for value in values]
        assert origin(guarded, ("Host", "inner"), *headers) == "http://chat.example"
    for values in ([EVIL], [f"chat.example, {EVIL}"], ["chat.example", EVIL], ["chat.example/../x"],
                   ["u@chat.example"], ["chat.example:99999"]):  # fmt: skip
        headers = [("X-Forwarded-Host", value) for value in values]
        check_refused(send(guarded, ("Host", "chat.example"), *headers), "X-Forwarded-Host")
    for value in ("chat.example, ", "chat.example\t,"):
        assert send(guarded, ("Host", "inner"), ("X-Forwarded-Host", value)).status == 400


FORWARDED = [("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "chat.example"), ("X-Forwarded-Prefix", "/evil"),
             ("X-Forwarded-For", "10.0.0.1")]  # fmt: skip
OTHERS = [("Forwarded", f"host={EVIL};proto=gopher"), ("X-Original-URL", "/x"), ("X_Forwarded_Host", EVIL)]


def test_a_trusted_proxy(serve, send, origin):
    """Scheme, host and prefix of a trusted proxy count, each by itself, and nothing else; the last value counts."""
    proxied = serve("--trusted-proxy", "10.0.0.0/8", "--trusted-proxy", "127.0.0.0/8")
    for headers, expected in [
        (OTHERS, "http://inner"),
        ([*FORWARDED, ("X-Forwarded-Prefix", "/chat")], "https://chat.example/chat"),
        ([("X-Forwarded-Proto", "https, http")], "http://inner"),
        ([("X-Forwarded-Proto", "gopher"), ("X-Forwarded-Proto", "http, https")], "https://inner"),
        ([("X-Forwarded-Host", "")], "http://inner"),
        ([("X-Forwarded-Prefix", "/chat/v1/")], "http://inner/chat/v1"),
        ([("X-Forwarded-Prefix", "/evil, /chat")], "http://inner/chat"),
        ([("X-Forwarded-Prefix", "")], "http://inner"),
    ]:
        assert origin(proxied, ("Host", "inner"), *headers) == expected, headers
    for prefix in ("chat", "//evil.example", "/a//b", '/"', "/a b", "/a?b", "/a#b", "/<", "/" + "a" * 300):
        check_refused(send(proxied, ("Host", "inner"), ("X-Forwarded-Prefix", prefix)), "X-Forwarded-Prefix")


def test_a_proxy_that_is_not_trusted(serve, send, origin):
    """Headers from another address than the trusted one are ignored: neither host, nor scheme, nor prefix."""
    networks = [part for network in ("10.0.0.0/8", "::1", "127.0.0.2") for part in ("--trusted-proxy", network)]
    alone = serve("--allowed-host", "chat.example", *networks)
    assert origin(alone, ("Host", "chat.example"), ("X-Forwarded-Host", EVIL), *FORWARDED) == "http://chat.example"
    check_refused(send(alone, ("Host", EVIL), *FORWARDED))


@pytest.mark.parametrize(
    ("public", "options", "hosts", "refused"),
    [
        ("https://a.example/base", ["--allowed-host", "inner.example"], ["A.example:443", "inner.example"], EVIL),
        ("http://a.example:8443/", [], ["a.example:8443", EVIL], "no host at all"),
    ],
)
def test_a_public_url(serve, send, origin, public, options, hosts, refused):
    """Every URL begins with it, whatever allowed host a request names; its own is allowed by itself."""
    running = serve("--public-url", public, *options)
    for host in hosts:
        assert origin(running, ("Host", host), *FORWARDED) == public.rstrip("/")
    check_refused(send(running, ("Host", refused)))


def test_http_1_0_without_a_host(service, guarded, send, origin):
    """HTTP/1.0 may name no host: URLs are of the address that was connected to."""
    for running in (service, guarded):
        assert origin(running, version="HTTP/1.0") == running.url
    assert origin(guarded, ("Host", "chat.example"), version="HTTP/1.0") == "http://chat.example"
    assert send(guarded, ("Host", EVIL), version="HTTP/1.0").status == 400


NO_HOSTS = ["u@h", "chat.example:", "chat.example:65536", "chat.example:0x50", "chat.example:80:80", "[::1", "[::1]x",
            "[:::]", "[1.2.3.4]", "[fe80::1%25lo]", "[]", "a" * 256, "*", "chat.example/", "chat.example\\x",
            "chat.example?x", "chat.example, evil.example", "chat\texample", "%63hat.example", "é.example", b"\xff",
            "http://chat.example", ":80", "<script>", "::1", 'a"b']  # fmt: skip


@pytest.mark.parametrize("host", NO_HOSTS)
@pytest.mark.parametrize("path", ["/docs/", "/v2/Services/IS/Bindings"])
def test_invalid_hosts(ask, host, path):
    """With no list of hosts, too, and on every path, what is no host is a 400 and the end of the connection."""
    answer = raw.ask(ask.url, "GET", path, [("Host", host), ORIGIN])
    check_refused(answer, operation=None)
    assert answer.header("Connection") == "close"
    assert answer.header("Access-Control-Allow-Origin") == "*"


@pytest.mark.parametrize("hosts", [[], ["a", "a"], ["a", ""], [" "]])
@pytest.mark.parametrize("path", ["/docs/", "/v2/Services/IS/Bindings", "http://chat.example/nowhere"])
def test_no_host_and_two_hosts(ask, hosts, path):
    """A request of HTTP/1.1 has one Host, even where its target names the host (RFC 9112, 3.2)."""
    sent = raw.compose("GET", path, [*(("Host", host) for host in hosts), ("Connection", "close")])
    (answer,) = raw.exchange(ask.url, sent)
    check_refused(answer, operation=None)


@pytest.mark.parametrize(
    "host",
    ["chat.example:65535", "[::ffff:127.0.0.1]", "[2001:DB8::1]:443", "a" * 255, "  a  \t", "CHAT.twilio.com", "a_b"],
)  # fmt: skip
def test_valid_hosts(service, origin, host):
    """Ports up to the last, IPv6, long names and space around them are taken, and stand in URLs as they stood."""
    assert origin(service, ("Host", host)) == f"http://{host.strip()}"


@pytest.mark.parametrize("second", [[("Host", "chat.example:")], []])
def test_each_request_of_a_connection_has_its_own_host(service, send, second):
    """A valid host neither stands in the URLs of the next request nor makes an invalid one valid."""
    with raw.connect(service.url) as connection:
        for host in ("chat.example", "other.example"):
            answer = send(service, ("Host", host), connection=connection)
            assert check_documented(answer, "fetchBinding")["url"].startswith(f"http://{host}/v2/")
        check_refused(send(service, *second, connection=connection), operation=None)


TARGETS = ["*", "v2", "chat.example:80", "ftp://chat.example/", "http:/x", "http:///x", "http://u:p@chat.example/",
           "http://chat.example:99999/", "http://", "/x#fragment", "http://chat.example/#x", "javascript:alert(1)",
           "http://chat.example\\@evil.example/"]  # fmt: skip


@pytest.mark.parametrize("target", TARGETS)
def test_invalid_targets(ask, target):
    """A target is a path, or a whole URL of a host without user name and fragment; anything else is refused."""
    for method in ("GET", "OPTIONS"):
        answer = raw.ask(ask.url, method, target, [("Host", "chat.example")])
        check_error(answer, "malformed_request")


@pytest.mark.parametrize(
    ("target", "path"),
    [("HTTP://CHAT.example/x?y", "/x"), ("https://[::1]:8000/x", "/x"), ("http://chat.example?x=/y", "/"),
     ("http://chat.example//evil.example/x", "//evil.example/x"), ("//evil.example/x", "//evil.example/x")],
)  # fmt: skip
def test_whole_urls(ask, target, path):
    """The path of an absolute URL counts; two slashes at the start of a path are no host."""
    answer = raw.ask(ask.url, "GET", target, [("Host", "chat.example")])
    check_error(answer, "not_found", path=path)
    assert answer.header("Location") is None
