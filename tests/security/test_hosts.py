"""No host that a request names gets into an answer's URLs unless it is allowed, however it is named."""

from contextlib import ExitStack

import httpx
import pytest

from ..support import raw
from ..support.answers import check_documented, check_error, operations, response_of
from ..support.running import Service

ALLOWED = ["chat.example", "*.below.example", "[::1]", "ported.example:8443", "Capital.Example"]
EVIL = "evil.example"


@pytest.fixture(scope="module")
def served(service):
    """Serves the same database as `service` with other options."""
    with ExitStack() as opened:
        yield lambda *options: opened.enter_context(Service(service.database, *options))


@pytest.fixture(scope="module")
def guarded(served):
    """A service that is for some hosts, behind a proxy at 127.0.0.1."""
    hosts = [part for host in ALLOWED for part in ("--allowed-host", host)]
    return served(*hosts, "--trusted-proxy", "127.0.0.1")


def fetch(service, world, *headers, target="", method="GET", version="HTTP/1.1"):
    path = operations()["fetchBinding"].path(ServiceSid=world.full["sid"], Sid=world.full["bindings"][0]["sid"])
    sent = [*headers, ("Authorization", raw.basic(*world.auth)), ("Connection", "close")]
    (answer,) = raw.exchange(service.url, raw.compose(method, f"{target}{path}", sent, version=version))
    return answer


def origin(answer) -> str:
    return check_documented(answer, "fetchBinding")["url"].partition("/v2/")[0]


@pytest.mark.parametrize(
    "host",
    [
        *("chat.example", "CHAT.Example", "chat.example.", "chat.example:8000", "capital.example"),
        *("a.below.example", "a.b.below.example:1", "[::1]", "[::1]:8000", "ported.example:8443"),
    ],
)
def test_hosts_that_are_allowed(guarded, world, host):
    """An allowed host is served, on any port unless one is named, in any case of letters; URLs name it as it stood."""
    assert origin(fetch(guarded, world, ("Host", host))) == f"http://{host}"


@pytest.mark.parametrize(
    "host",
    [
        *(EVIL, "127.0.0.1", "localhost", "below.example", "xbelow.example", "chat.example.evil.example"),
        *("evil.example:8443", "ported.example", "ported.example:8444", "achat.example", "[::2]", "chat.example.."),
        *("a.below.example.evil.example", "::1", ".chat.example", "*.below.example"),
    ],
)
@pytest.mark.parametrize("path", ["", "/nowhere", "/docs/"])
def test_hosts_that_are_not_allowed(guarded, world, host, path):
    """Any other host is a 400 that names the header, on every path, and the host stands nowhere in the answer."""
    answer = raw.ask(guarded.url, "GET", path, [("Host", host)]) if path else fetch(guarded, world, ("Host", host))
    check_error(answer, "invalid_parameter", parameter="The Host header")
    assert EVIL not in str(answer)


def test_refused_requests_are_not_carried_out(guarded, world):
    """A DELETE for another host deletes nothing."""
    check_error(fetch(guarded, world, ("Host", EVIL), method="DELETE"), "invalid_parameter", "deleteBinding")
    assert fetch(guarded, world, ("Host", "chat.example")).status == 200


def test_a_target_cannot_name_another_host(guarded, world):
    """A whole URL as target names the host; the Host header beside it counts as little as the RFC says."""
    answer = fetch(guarded, world, ("Host", "chat.example"), target=f"http://{EVIL}")
    check_error(answer, "invalid_parameter", "fetchBinding", parameter="The Host header")
    assert origin(fetch(guarded, world, ("Host", EVIL), target="http://chat.example")) == "http://chat.example"


def test_a_proxy_cannot_name_another_host(guarded, world):
    """Of what a trusted proxy forwards the last value counts, and it has to be allowed, too."""
    inner = ("Host", "inner")  # what the proxy itself asks for
    for values in (["chat.example"], [f"{EVIL}, chat.example"], [EVIL, "chat.example"]):
        headers = [("X-Forwarded-Host", value) for value in values]
        assert origin(fetch(guarded, world, inner, *headers)) == "http://chat.example"
    for values in ([EVIL], [f"chat.example, {EVIL}"], ["chat.example", EVIL]):
        headers = [("X-Forwarded-Host", value) for value in values]
        answer = fetch(guarded, world, ("Host", "chat.example"), *headers)
        check_error(answer, "invalid_parameter", "fetchBinding", parameter="The X-Forwarded-Host header")
    for value in ("chat.example/../x", "u@chat.example", "chat.example:99999", "chat.example, ", "chat.example\t,"):
        answer = fetch(guarded, world, ("Host", "inner"), ("X-Forwarded-Host", value))
        assert answer.status == 400


def test_scheme_host_and_prefix_are_all_that_a_proxy_says(guarded, world):
    """No other header of a proxy changes anything, and of several schemes the last counts."""
    headers = [("Host", "chat.example"), ("X-Forwarded-Proto", "gopher"), ("X-Forwarded-Proto", "http, https"),
               ("Forwarded", f"host={EVIL}"), ("X-Forwarded-Server", EVIL), ("X-Host", EVIL), ("X-Original-URL", "/x"),
               ("X-Rewrite-URL", "/x"), ("X-Forwarded-Port", "1"),
               ("X_Forwarded_Host", EVIL), ("X-HTTP-Host-Override", EVIL)]  # fmt: skip
    assert origin(fetch(guarded, world, *headers)) == "https://chat.example"


def test_http_1_0_without_a_host(guarded, world):
    """HTTP/1.0 names no host: URLs are of the address that was connected to."""
    assert origin(fetch(guarded, world, version="HTTP/1.0")) == guarded.url
    assert fetch(guarded, world, ("Host", EVIL), version="HTTP/1.0").status == 400


def test_a_peer_that_is_not_trusted(served, world):
    """What comes past the proxy is not believed: neither the host that it forwards, nor the scheme."""
    alone = served("--allowed-host", "chat.example", "--trusted-proxy", "10.0.0.0/8")
    forged = [("X-Forwarded-Host", EVIL), ("X-Forwarded-Proto", "https")]
    assert origin(fetch(alone, world, ("Host", "chat.example"), *forged)) == "http://chat.example"
    forged = [("X-Forwarded-Host", "chat.example")]
    check_error(fetch(alone, world, ("Host", EVIL), *forged), "invalid_parameter", parameter="The Host header")


def test_the_host_of_the_public_url(served, world):
    """It is allowed by itself, and with it no other name that is allowed gets into a URL."""
    public = served("--public-url", "https://public.example/base", "--allowed-host", "inner.example")
    for host in ("public.example", "PUBLIC.example:443", "inner.example"):
        assert origin(fetch(public, world, ("Host", host))) == "https://public.example/base"
    check_error(fetch(public, world, ("Host", EVIL)), "invalid_parameter", parameter="The Host header")


def test_a_preflight_for_another_host(guarded):
    """A refusal of a request with an Origin has CORS headers: a page may read the reason."""
    headers = {"Host": EVIL, "Origin": "https://app.example", "Access-Control-Request-Method": "GET"}
    answer = response_of(httpx.options(f"{guarded.url}/v2", headers=headers, timeout=60))
    check_error(answer, "invalid_parameter", parameter="The Host header")
    assert answer.header("Access-Control-Allow-Origin") == "*"


NO_HOSTS = ["u@h", "u:p@chat.example", "chat.example:", "chat.example:65536", "chat.example:0x50", "chat.example:8 0",
            "chat.example:80:80", "[::1", "[::1]x", "[:::]", "[1.2.3.4]", "[fe80::1%25lo]", "[]", "a" * 256, "@", "*",
            "chat.example/", "chat.example\\x", "chat.example?x", "chat.example#x", "chat.example, evil.example",
            "chat.example evil.example", "chat\texample", "%63hat.example", "chat.example%00", "é.example",
            "http://chat.example"]  # fmt: skip


@pytest.mark.parametrize("host", NO_HOSTS)
@pytest.mark.parametrize("path", ["/nowhere", "/docs/", "/v2/Services/IS/Bindings"])
def test_invalid_hosts(ask, host, path):
    """With no list of hosts, too, and on every path, what is no host is a 400 and the end of the connection."""
    answer = raw.ask(ask.url, "GET", path, [("Host", host), ("Origin", "https://app.example")])
    check_error(answer, "invalid_parameter", parameter="The Host header")
    assert answer.header("Connection") == "close"
    assert answer.header("Access-Control-Allow-Origin") == "*"


@pytest.mark.parametrize("hosts", [[], ["a", "a"], ["a", "b"], ["a", ""], [""], [" "]])
@pytest.mark.parametrize("path", ["/nowhere", "/docs/", "/v2/Services/IS/Bindings", "http://chat.example/nowhere"])
def test_no_host_and_two_hosts(ask, hosts, path):
    """A request of HTTP/1.1 has one Host, even where its target names the host (RFC 9112, 3.2)."""
    sent = raw.compose("GET", path, [*(("Host", host) for host in hosts), ("Connection", "close")])
    (answer,) = raw.exchange(ask.url, sent)
    check_error(answer, "invalid_parameter", parameter="The Host header")


@pytest.mark.parametrize(
    "host", ["chat.example:1", "chat.example:65535", "[::ffff:127.0.0.1]", "[2001:DB8::1]:443", "a" * 255, "  a  \t"]
)
def test_valid_hosts(ask, host):
    """Ports up to the last, IPv6, long names and space around them are taken."""
    body = check_documented(ask("fetchBinding", headers=[("Host", host)]), "fetchBinding")
    assert body["url"].startswith(f"http://{host.strip()}/v2/")


TARGETS = ["*", "v2", "chat.example:80", "ftp://chat.example/", "file:///etc/passwd", "http:/x", "http:///x",
           "http://u:p@chat.example/", "http://chat.example:99999/", "http://[::1/", "http://", "/x#fragment",
           "http://chat.example/#x", "javascript:alert(1)", "http://chat.example\\@evil.example/"]  # fmt: skip


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_invalid_targets(ask, target, method):
    """A target is a path, or a whole URL of a host without user name and fragment; anything else is refused."""
    answer = raw.ask(ask.url, method, target, [("Host", "chat.example")])
    check_error(answer, "malformed_request")


@pytest.mark.parametrize(
    ("target", "path"),
    [("http://chat.example", "/"), ("HTTP://CHAT.example/x?y", "/x"), ("https://[::1]:8000/x", "/x"),
     ("http://chat.example?x=/y", "/"), ("http://chat.example//evil.example/x", "//evil.example/x"),
     ("//evil.example/x", "//evil.example/x"), ("//", "//"), ("/http://evil.example/", "/http://evil.example/")],
)  # fmt: skip
def test_whole_urls(ask, target, path):
    """The path of an absolute URL counts; two slashes at the start of a path are no host."""
    answer = raw.ask(ask.url, "GET", target, [("Host", "chat.example")])
    check_error(answer, "not_found", path=path)
    assert answer.header("Location") is None
