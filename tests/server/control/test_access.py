"""Access to the control API."""

import json
import re

import httpx
import pytest

from chat_bindings.spec import METHODS

from ...support import raw
from ...support.answers import document
from ...support.running import run_cli
from .conftest import A, S, binding, serving, world

SIDS = {"Ac": A, "Se": S, "Si": f"BS{1:032x}"}
SECRET = "a-token-of-some-length"
SPEC = document("control.yaml")
OPERATIONS = [
    (method.upper(), re.sub(r"\{(\w\w).*?\}", lambda name: SIDS[name[1]], path))
    for path, item in SPEC["paths"].items()
    for method in item
    if method in METHODS
]


def ask(url: str, method: str, path: str, **headers: str) -> int:
    """Send a request of the control API by hand, and return its status."""
    has_body = method in ("PUT", "POST")
    sent = [("Content-Length", "2")] if has_body else []
    sent += [(name.replace("_", "-"), value) for name, value in headers.items()]
    query = "?duration=0" if path.endswith("/stream") else ""
    return raw.ask(url, method, f"/control{path}{query}", sent, b"{}" if has_body else b"").status


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_other_hosts_and_other_origins_get_404(served, method, path):
    """A web page can neither send requests from its own origin nor under its own host name (DNS rebinding)."""
    for headers in (
        {"Host": "localhost.example.com"},
        {"Host": "10.0.0.1"},
        {"Origin": "null"},
        {"Origin": served.url.replace("http:", "https:")},
        {"X_Forwarded_For": "203.0.113.1"},
        {"Sec_Fetch_Site": "same-site"},
    ):
        assert ask(served.url, method, path, **headers) == 404, headers
    headers = {"Origin": "http://localhost", "Sec_Fetch_Site": "same-origin", "Host": "localhost"}
    assert ask(served.url, method, path, **headers) in (200, 204, 400)


def test_it_is_missing_without_the_option(service):
    """Without `--control` nothing brings it back, nor its page."""
    for method, path in [*OPERATIONS, *(("GET", f"/{name}") for name in ("", "control.js"))]:
        for headers in ({}, {"Authorization": f"Bearer {SECRET}"}, {"Prefer": "control"}):
            assert ask(service.url, method, path, **headers) == 404, path


def test_a_token_is_required_where_it_is_set(tmp_path):
    """Of all operations, on loopback too; any host is then served."""
    with serving(
        tmp_path, "--world", "-", "--no-docs", "--host", "0.0.0.0", stdin=json.dumps(world(binding(1))),
        CHAT_BINDINGS_CONTROL_TOKEN=SECRET,
    ) as served:  # fmt: skip
        url = f"http://127.0.0.1:{served.url.rpartition(':')[2]}"
        for method, path in OPERATIONS:
            for wrong in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": raw.basic("x", SECRET)},
                          {"Authorization": "Bearer"}):  # fmt: skip
                assert ask(url, method, path, **wrong) == 401
            right = {"Authorization": f"bearer {SECRET}", "Host": "chat.example.com"}
            assert ask(url, method, path, **right) in (200, 204, 400)
            assert ask(url, method, path, **right, Origin="https://example.com") == 404
        refused = httpx.get(f"{url}/control/v1/world", timeout=60)
        assert refused.headers["WWW-Authenticate"] == 'Bearer realm="chat-bindings control"'
        assert SECRET not in served.log.read_text()


@pytest.mark.parametrize(
    ("options", "token", "message"),
    [
        (["--host", "0.0.0.0"], "", "--control with --host 0.0.0.0 needs a token in CHAT_BINDINGS_CONTROL_TOKEN"),
        (["--host", "::"], "", "--control with --host :: needs a token"),
        (["--public-url", "https://chat.example.com"], "", "--control with --public-url needs a token"),
        (["--trusted-proxy", "127.0.0.1"], "", "--control with --trusted-proxy needs a token"),
        (["--uds", "socket"], "", "--control with --uds needs a token"),
        (["--workers", "2"], "", "--control works with one worker"),
        ([], "short", "CHAT_BINDINGS_CONTROL_TOKEN is no token: it must be 16 or more characters"),
        (["--journal", "0"], "", "'0' is not a whole number from 1 to 1000000"),
    ],
)
def test_exposure_without_a_token_is_refused(tmp_path, options, token, message):
    """The error names the setting that is missing."""
    variables = {"CHAT_BINDINGS_CONTROL_TOKEN": token} if token else {}
    done = run_cli("serve", "--demo", "--control", *options, cwd=tmp_path, **variables)
    assert done.returncode == 2
    assert message in " ".join(done.stderr.split())


@pytest.mark.parametrize(
    "path",
    [
        "/v2/control/v1/world", "/v2/Services/../../control/v1/world", "/registration/../control/v1/world",
        "/control/v1/world/", "//control/v1/world", "/Control/v1/world", "/control%2fv1/world",
        "/docs/../control/v1/world",
    ],
)  # fmt: skip
def test_no_other_path_leads_to_it(served, path):
    """Paths match exactly."""
    assert raw.ask(served.url, "GET", path).status == 404
