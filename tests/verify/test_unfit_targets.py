"""Targets that cannot be verified: exit 2, and one sentence that says what to do."""

import http.server
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import trustme

from ..support.running import run_cli


class _Handler(http.server.BaseHTTPRequestHandler):
    answer: tuple[int, dict[str, str], bytes]
    seen: list[tuple[str, str]]

    def do_GET(self) -> None:
        status, headers, body = self.answer
        self.seen.append((self.path, self.headers.get("Authorization", "")))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@contextmanager
def answering(
    status: int, headers: dict[str, str], body: bytes, certificate: trustme.LeafCert | None = None
) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """A server that gives one answer to everything: its port's URL, and the requests that it has seen."""
    seen: list[tuple[str, str]] = []
    handler = type("Handler", (_Handler,), {"answer": (status, headers, body), "seen": seen})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        scheme = "http"
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            certificate.configure_cert(context)
            server.socket = context.wrap_socket(server.socket, server_side=True)
            scheme = "https"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"{scheme}://127.0.0.1:{server.server_port}", seen
        server.shutdown()


def refused(world_file, url, *options, report_dir=None):
    """Verify it: the sentence of a run that could not be made."""
    run = run_cli("verify", url, "--fixtures", world_file, *options)
    assert run.returncode == 2, run.stdout + run.stderr
    assert "Traceback" not in run.stderr
    [line] = [line for line in run.stderr.splitlines() if line.startswith("Error: ")]
    assert line.endswith(".")
    return line


def test_away(world_file):
    """Nothing listens there."""
    assert "cannot be reached" in refused(world_file, "http://127.0.0.1:9")


def test_refuses_the_credentials(service, world_file, world, tmp_path):
    """The target knows the account under another token."""
    document = json.loads(json.dumps(world.document))
    document["accounts"][0]["auth_token"] = "0" * 32
    other = tmp_path / "other.json"
    other.write_text(json.dumps(document), encoding="utf-8")
    told = refused(other, service.url)
    assert "refuses the credentials of account" in told
    assert "auth_token" in told


def test_does_not_hold_the_world(service, tmp_path):
    """The target takes the credentials, and has none of the Bindings."""
    world_file = tmp_path / "another.json"
    assert run_cli("fixtures", "--seed", "2", "-o", world_file).returncode == 0
    document = json.loads(world_file.read_text(encoding="utf-8"))
    with answering(404, {"Content-Type": "application/json"}, b'{"code": 20404}') as (url, _):
        assert "holds no Binding of the fixtures' account" in refused(world_file, url)
    assert document["accounts"][0]["sid"] in refused(world_file, service.url)  # 401: it does not know the account


def test_answers_html(world_file):
    """The target is a site."""
    with answering(200, {"Content-Type": "text/html; charset=utf-8"}, b"<!doctype html><p>Welcome") as (url, _):
        assert "answers with HTML" in refused(world_file, url)


def test_redirects(world_file):
    """The target sends everybody elsewhere: the credentials do not follow."""
    with answering(200, {}, b"") as (elsewhere, seen):
        with answering(301, {"Location": f"{elsewhere}/login"}, b"") as (url, _):
            assert f"redirects to {elsewhere}/login" in refused(world_file, url)
        assert seen == []


def test_wrong_certificate(world_file):
    """The certificate is of an authority that nobody trusts, or for another host; with --ca-file it is trusted."""
    authority = trustme.CA()
    own, other = authority.issue_cert("127.0.0.1"), authority.issue_cert("chat.example.com")
    html = (200, {"Content-Type": "text/html"}, b"<p>")
    with authority.cert_pem.tempfile() as ca_file:
        with answering(*html, own) as (url, _):
            assert "certificate" in refused(world_file, url)
            assert "answers with HTML" in refused(world_file, url, "--ca-file", ca_file)
        with answering(*html, other) as (url, _):
            assert "certificate" in refused(world_file, url, "--ca-file", ca_file)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("chat.example.com", "is no URL of http or https"),
        ("ftp://chat.example.com", "is no URL of http or https"),
        ("http://user:secret@chat.example.com", "must not hold a user name or password"),
        ("http://chat.example.com/?a=b", "has a query or a fragment"),
    ],
)
def test_base_url(world_file, url, told):
    """A BASE_URL that is none, or holds what it must not."""
    message = refused(world_file, url)
    assert told in message
    assert "secret" not in message


def test_fixtures(service, world_file, tmp_path):
    """Fixtures that are missing, are no world, or hold digests in the place of tokens: with line and JSON pointer."""
    assert "--fixtures" in run_cli("verify", service.url).stderr
    assert "BASE_URL" in run_cli("verify", "--fixtures", world_file).stderr
    broken = tmp_path / "broken.json"
    broken.write_text('{"accounts": [\n{"sid": "AC1"}]}', encoding="utf-8")
    told = refused(broken, service.url)
    assert "line 2" in told
    assert "/accounts/0" in told
    document = json.loads(world_file.read_text(encoding="utf-8"))
    document["accounts"][1]["services"][0]["bindings"].append(document["accounts"][1]["services"][0]["bindings"][0])
    broken.write_text(json.dumps(document), encoding="utf-8")
    assert "/bindings/" in refused(broken, service.url)
    for account in document["accounts"]:
        account["auth_token_sha256"] = "0" * 64
        del account["auth_token"]
        account["services"][0]["bindings"].pop()
    broken.write_text(json.dumps(document), encoding="utf-8")
    assert "auth_token" in refused(broken, service.url)
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert "--report-dir" in run_cli(
        "verify", service.url, "--fixtures", world_file, "--report-dir", tmp_path / "file"
    ).stderr  # fmt: skip
