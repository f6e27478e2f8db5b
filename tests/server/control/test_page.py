"""The files of the page of the control API."""

import re

import httpx
import pytest

from ...support import raw

FILES = ["", "control.css", "control.js", "site.css"]


@pytest.mark.parametrize("name", FILES)
def test_the_page_is_served_with_a_strict_policy(served, name):
    """No script, style or request elsewhere, nothing inline, no frame around it, and only texts in its elements."""
    answer = httpx.get(f"{served.url}/control/{name}", timeout=60)
    assert answer.status_code == 200
    policy = answer.headers["Content-Security-Policy"].split("; ")
    assert policy == [
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:", "connect-src 'self'",
        "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'",
    ]  # fmt: skip
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert not re.search(r"https?:|//\w|<style|style=|\son\w+=|<script>|innerHTML|insertAdjacent|eval\(", answer.text)


@pytest.mark.parametrize("name", FILES)
def test_the_page_is_for_this_machine_alone(served, name):
    """As the API, it is not for another host or another origin."""
    for header in (("Host", "chat.example.com"), ("Origin", "https://example.com"), ("X-Forwarded-For", "203.0.113.1")):
        assert raw.ask(served.url, "GET", f"/control/{name}", [header]).status == 404
    refused = httpx.post(f"{served.url}/control/{name}", timeout=60)
    assert (refused.status_code, refused.headers["Allow"]) == (405, "GET, HEAD")
    head = httpx.head(f"{served.url}/control/{name}", timeout=60)
    assert (head.status_code, head.content) == (200, b"")


def test_only_its_files_are_there(served):
    """Nothing else below /control/; without the slash a relative redirect leads there. The journal shows none of it."""
    for path in ("/control/site.js", "/control/../control/site.css", "/control/%2e%2e/site.css", "/Control/",
                 "/control//", "/control/v1", "/docs/../control/v1/world", "/control%2fv1/world"):  # fmt: skip
        assert raw.ask(served.url, "GET", path).status == 404, path
    served.control.delete("requests")
    redirect = httpx.get(f"{served.url}/control", timeout=60)
    assert (redirect.status_code, redirect.headers["Location"]) == (307, "./control/")
    httpx.get(f"{served.url}/control/", timeout=60)
    assert served.requests() == []
