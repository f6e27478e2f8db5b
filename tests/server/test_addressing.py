"""Absolute URLs: of the request's host, of the public URL, or of what a trusted proxy says, and of nothing else."""

from contextlib import ExitStack

import httpx
import pytest

from ..support.answers import check_error, operations, response_of
from ..support.lists import get, list_url, sids, walk
from ..support.running import Service

FORWARDED = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "chat.example", "X-Forwarded-Port": "8443",
             "Forwarded": "host=evil.example;proto=https", "X-Forwarded-Prefix": "/evil",
             "X-Original-Host": "evil.example", "X-Forwarded-Server": "evil.example", "X-Real-IP": "10.0.0.1",
             "X-Forwarded-For": "10.0.0.1"}  # fmt: skip


@pytest.fixture(scope="module")
def served(service, world):
    """Serves the same database as `service` with other options: a client of it."""
    with ExitStack() as opened:

        def serve(*options):
            other = opened.enter_context(Service(service.database, *options))
            return httpx.Client(base_url=other.url, auth=world.auth, timeout=60)

        yield serve


def origin_of(client, world, **headers) -> str:
    path = operations()["fetchBinding"].path(ServiceSid=world.full["sid"], Sid=world.full["bindings"][0]["sid"])
    body = client.get(path, headers=headers).json()
    assert body["url"].endswith(path)
    origin = body["url"].removesuffix(path)
    assert body["links"]["user"].startswith(f"{origin}/v2/Services/{world.full['sid']}/Users/")
    page = client.get(operations()["listBindings"].path(ServiceSid=world.full["sid"]), headers=headers).json()
    urls = [page["meta"][key] for key in ("url", "first_page_url", "next_page_url")]
    assert all(url.startswith(f"{origin}/v2/") for url in [*urls, *(each["url"] for each in page["bindings"])])
    return origin


def test_forwarding_headers_of_clients_are_ignored(client, service, world):
    """Without a trusted proxy no header but Host changes a URL, from loopback either."""
    assert origin_of(client, world, **FORWARDED) == service.url
    for name, value in FORWARDED.items():
        assert origin_of(client, world, **{name: value}) == service.url


@pytest.mark.parametrize(
    "public", ["https://chat.twilio.com", "https://chat.example:8443/", "http://h.example/base/path/"]
)
def test_a_public_url(served, world, public):
    """With `--public-url` every URL begins with it, whatever the request says, and pages follow by path and query."""
    with served("--public-url", public) as client:
        assert origin_of(client, world) == public.rstrip("/")
        assert origin_of(client, world, **FORWARDED, Host="other.example") == public.rstrip("/")
        response = client.get(list_url(client, world.full["sid"]), headers={"Host": "no host at all"})
        check_error(response_of(response), "invalid_parameter", "listBindings", parameter="The Host header")
        base = public.rstrip("/")
        pages, url = [], list_url(client, world.hundred["sid"], ("PageSize", 30))
        while url:
            pages.append(get(client, url.replace(base, str(client.base_url).rstrip("/"))))
            url = pages[-1]["meta"]["next_page_url"]
        assert len(set(sids(pages))) == 100


@pytest.mark.parametrize("proxy", ["127.0.0.1", "127.0.0.0/8"])
def test_a_trusted_proxy(served, world, proxy):
    """What a trusted proxy says of scheme and host counts, each by itself; of several the last, which it wrote."""
    with served("--trusted-proxy", "10.0.0.0/8", "--trusted-proxy", proxy) as client:
        host = str(client.base_url).removeprefix("http://").rstrip("/")
        for headers, origin in [
            ({}, f"http://{host}"),
            (FORWARDED, f"https://chat.example{FORWARDED['X-Forwarded-Prefix']}"),
            ({"X-Forwarded-Proto": "https"}, f"https://{host}"),
            ({"X-Forwarded-Host": "chat.example:8443"}, "http://chat.example:8443"),
            ({"X-Forwarded-Host": "evil.example, chat.example"}, "http://chat.example"),
            ({"X-Forwarded-Proto": "https, http"}, f"http://{host}"),
            ({"X-Forwarded-Proto": "gopher"}, f"http://{host}"),
            ({"X-Forwarded-Proto": ""}, f"http://{host}"),
            ({"X-Forwarded-Host": ""}, f"http://{host}"),
            ({"X-Forwarded-Prefix": "/chat/v1/"}, f"http://{host}/chat/v1"),
            ({"X-Forwarded-Prefix": "/evil, /chat"}, f"http://{host}/chat"),
            ({"X-Forwarded-Prefix": "/"}, f"http://{host}"),
            ({"X-Forwarded-Prefix": ""}, f"http://{host}"),
            (FORWARDED | {"X-Forwarded-Prefix": "/chat"}, "https://chat.example/chat"),
            ({"Forwarded": "host=evil.example;proto=https"}, f"http://{host}"),
        ]:
            assert origin_of(client, world, **headers) == origin, headers
        path = operations()["fetchBinding"].path(ServiceSid=world.full["sid"], Sid=world.full["bindings"][0]["sid"])
        answer = client.get(path, headers={"X-Forwarded-Host": "evil/../x"})
        check_error(response_of(answer), "invalid_parameter", "fetchBinding", parameter="The X-Forwarded-Host header")
        name = "X-Forwarded-Prefix"
        for prefix in ("chat", "//evil.example", "/a//b", '/"', "/a b", "/a?b", "/a#b", "/<", "/" + "a" * 300):
            answer = response_of(client.get(path, headers={name: prefix}))
            check_error(answer, "invalid_parameter", "fetchBinding", parameter=f"The {name} header")


def test_a_proxy_that_is_not_trusted(served, world):
    """What comes from another address than the trusted one is not believed."""
    with served("--trusted-proxy", "10.0.0.0/8", "--trusted-proxy", "::1", "--trusted-proxy", "127.0.0.2") as client:
        assert origin_of(client, world, **FORWARDED) == str(client.base_url).rstrip("/")


def test_a_walk_by_another_name(client, service, world):
    """A client that uses another host name gets URLs of that name."""
    port = service.url.rpartition(":")[2]
    with httpx.Client(base_url=f"http://localhost:{port}", auth=world.auth, timeout=60) as other:
        pages = list(walk(other, list_url(other, world.hundred["sid"], ("PageSize", 40))))
    assert len(set(sids(pages))) == 100
    assert all(page["meta"]["url"].startswith(f"http://localhost:{port}/") for page in pages)
