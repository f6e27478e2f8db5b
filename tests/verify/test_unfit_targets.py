"""Targets that cannot be verified: exit 2, and one sentence with the mend."""

import gzip
import json
import socket
import ssl
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
import trustme

from ..support.raw_server import message, raw_server
from ..support.running import cli_error, cli_output, run_cli

HTML = (200, {"Content-Type": "text/html"}, b"<p>")
JSON = {"Content-Type": "application/json"}
NOT_FOUND = (404, JSON, b"{}")
BOMB = gzip.compress(b" " * (16 << 20))


@contextmanager
def answering(
    status: int, headers: dict[str, str], body: bytes, certificate: trustme.LeafCert | None = None, port: int = 0
) -> Iterator[tuple[str, list[bytes]]]:
    """Start a server that gives one response to everything. Yields its URL, and the heads of the requests."""
    seen: list[bytes] = []
    lines = [f"{name}: {value}" for name, value in headers.items()]
    answered = message(body, *lines, "Connection: close", status=f"{status} -")
    context = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)

    def answer(connection: socket.socket, request: bytes) -> None:
        seen.append(request)
        connection.sendall(answered)

    with raw_server(answer, port, context) as url:
        yield url, seen


def refusal(world_file, url, *options):
    """Verify a target that cannot be verified, and return the sentence of the error."""
    told = cli_error("verify", url, "--fixtures", world_file, *options)
    [line] = [line for line in told.splitlines() if line.startswith("Error: ")]
    assert line.endswith(".")
    return line


def test_a_proxy_that_is_away_is_named_with_its_variable(world_file, monkeypatch):
    """The proxy of the environment is away: its variable is named, and its password is not shown."""
    monkeypatch.setenv("HTTP_PROXY", "http://user:secret@127.0.0.1:9")
    message = refusal(world_file, "http://chat.example.com")
    assert "HTTP_PROXY" in message
    assert "http://127.0.0.1:9" in message
    assert "secret" not in message


def test_loopback_bypasses_the_proxy(world_file, monkeypatch):
    """A target on this machine is connected directly, whatever proxy the environment names."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with answering(*NOT_FOUND) as (url, seen):
        assert "holds no Binding" in refusal(world_file, url)
        assert seen


def test_a_proxy_that_refuses_is_named(world_file, monkeypatch):
    """A proxy that gives no tunnel is named, with its status."""
    with answering(403, {}, b"") as (proxy, _):
        monkeypatch.setenv("https_proxy", proxy)
        assert "https_proxy" in refusal(world_file, "https://chat.example.com")


def test_the_other_scheme_is_named(world_file):
    """A target that speaks https where http was requested, and the other way round."""
    with answering(*HTML, trustme.CA().issue_cert("127.0.0.1")) as (url, _):
        assert f"write {url}" in refusal(world_file, url.replace("https", "http"))
    with answering(*HTML) as (url, _):
        assert f"write {url}" in refusal(world_file, url.replace("http", "https"))


def test_a_target_that_never_answers_is_given_up(world_file):
    """A target that takes the connection and sends nothing is given up after --timeout."""
    with raw_server(lambda *_: time.sleep(30)) as url:
        began = time.monotonic()
        assert "--timeout" in refusal(world_file, url, "--timeout", "0.3")
    assert time.monotonic() - began < 30


def test_a_target_that_comes_up_later_is_waited_for(world_file):
    """--wait waits for a target that is not up yet."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
    with ThreadPoolExecutor(1) as beside:
        refused = beside.submit(refusal, world_file, f"http://127.0.0.1:{port}", "--wait", "60")
        time.sleep(1.5)
        with answering(*NOT_FOUND, port=port) as (_, seen):
            assert "holds no Binding" in refused.result(60)
    assert seen


def test_refuses_the_credentials(service, world_file, world, tmp_path):
    """The target has the account under another token."""
    document = json.loads(json.dumps(world.document))
    document["accounts"][0]["auth_token"] = "0" * 32
    other = tmp_path / "other.json"
    other.write_text(json.dumps(document), encoding="utf-8")
    message = refusal(other, service.url)
    assert "refuses the credentials of account" in message
    assert "auth_token" in message


def test_does_not_hold_the_world(service, tmp_path):
    """The target takes the credentials, and has none of the Bindings."""
    world_file = tmp_path / "another.json"
    cli_output("fixtures", "--seed", "2", "-o", world_file)
    document = json.loads(world_file.read_text(encoding="utf-8"))
    with answering(404, {"Content-Type": "application/json"}, b'{"code": 20404}') as (url, _):
        assert "holds no Binding of the fixtures' account" in refusal(world_file, url)
    assert document["accounts"][0]["sid"] in refusal(world_file, service.url)  # 401: it does not know the account


def test_redirects(world_file):
    """The target sends everybody elsewhere: the credentials do not follow."""
    with answering(200, {}, b"") as (elsewhere, seen):
        with answering(301, {"Location": f"{elsewhere}/login"}, b"") as (url, _):
            assert f"redirects to {elsewhere}/login" in refusal(world_file, url)
        assert seen == []


def test_wrong_certificate(world_file):
    """The certificate is of an unknown authority, or for another host; with --ca-file it is trusted."""
    authority = trustme.CA()
    own, other = authority.issue_cert("127.0.0.1"), authority.issue_cert("chat.example.com")
    with authority.cert_pem.tempfile() as ca_file:
        with answering(*HTML, own) as (url, _):
            assert "certificate" in refusal(world_file, url)
            assert "answers with HTML" in refusal(world_file, url, "--ca-file", ca_file)
        with answering(*HTML, other) as (url, _):
            assert "is for another name" in refusal(world_file, url, "--ca-file", ca_file)
            assert "answers with HTML" in refusal(world_file, url, "--insecure")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (
            (502, {"Content-Type": "text/html"}, b"<h1>Bad Gateway"),
            ["A gateway answers in the place", "502, text/html"],
        ),
        ((200, {"Content-Type": "text/html; charset=utf-8"}, b"<!doctype html><p>Welcome"), ["answers with HTML"]),
        ((200, {**JSON, "Content-Encoding": "gzip"}, BOMB), ["a body that gzip unpacks to more than"]),
    ],
    ids=["a gateway", "a site", "a bomb"],
)
def test_answers(world_file, answer, words):
    """A target that answers everything alike is no server of the contract; the sentence has the response."""
    with answering(*answer) as (url, _):
        sentence = refusal(world_file, url)
    assert all(each in sentence for each in words)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://127.0.0.1:9", "cannot be reached"),
        ("chat.example.com", "is no URL of http or https"),
        ("ftp://chat.example.com", "is no URL of http or https"),
        ("http://user:secret@chat.example.com", "must not hold a user name or password"),
        ("http://chat.example.com/?a=b", "has a query or a fragment"),
    ],
)
def test_base_url(world_file, url, words):
    """A BASE_URL is refused at which nothing listens, that is no URL, or that holds what it must not."""
    sentence = refusal(world_file, url)
    assert words in sentence
    assert "secret" not in sentence


def test_fixtures(service, world_file, tmp_path):
    """Fixtures that are missing, are no world, or hold digests in the place of tokens: with line and JSON pointer."""
    assert "--fixtures" in run_cli("verify", service.url).stderr
    assert "BASE_URL" in run_cli("verify", "--fixtures", world_file).stderr
    broken = tmp_path / "broken.json"
    broken.write_text('{"accounts": [\n{"sid": "AC1"}]}', encoding="utf-8")
    message = refusal(broken, service.url)
    assert "line 2" in message
    assert "/accounts/0" in message
    document = json.loads(world_file.read_text(encoding="utf-8"))
    document["accounts"][1]["services"][0]["bindings"].append(document["accounts"][1]["services"][0]["bindings"][0])
    broken.write_text(json.dumps(document), encoding="utf-8")
    assert "/bindings/" in refusal(broken, service.url)
    for account in document["accounts"]:
        account["auth_token_sha256"] = "0" * 64
        del account["auth_token"]
        account["services"][0]["bindings"].pop()
    broken.write_text(json.dumps(document), encoding="utf-8")
    assert "auth_token" in refusal(broken, service.url)
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert "--report-dir" in run_cli(
        "verify", service.url, "--fixtures", world_file, "--report-dir", tmp_path / "file"
    ).stderr  # fmt: skip
