"""The published site under the service's /docs."""

import asyncio
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from chat_bindings.server.docs import Docs
from chat_bindings.server.errors import ApiError
from chat_bindings.server.settings import Site
from chat_bindings.site.site import version

from ..support.files import files_of
from ..support.running import Service, environment
from ..support.tools import unavailable

ROOT = Path(__file__).parents[2]
FILES_OF_A_CLONE = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src {}; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

SAFE = {
    "content-security-policy": POLICY.format("'none'"),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


@pytest.fixture(scope="module")
def docs(tmp_path_factory):
    """Return a client, without credentials, of two workers that share the site."""
    with (
        Service(tmp_path_factory.mktemp("docs") / "docs.db", "--workers", 2) as running,
        httpx.Client(base_url=running.url, timeout=60) as client,
    ):
        yield client


def test_the_site_is_served(docs, site):
    """Under /docs every file of the site is served as it is published, to everybody."""
    for path, content in files_of(site).items():
        answer = docs.get(f"/docs/{path}")
        assert (answer.status_code, answer.content) == (200, content), path
    assert docs.get("/docs/").text == docs.get("/docs/index.html").text


@pytest.mark.parametrize(
    ("path", "media"),
    [
        ("index.html", "text/html; charset=utf-8"),
        ("latest/downloads/bindings.yaml", "application/yaml"),
    ],
)
def test_files_have_types(docs, path, media):
    """A file has its media type, a length and a request id, and is revalidated each time; so with HEAD."""
    for method in ("GET", "HEAD"):
        answer = docs.request(method, f"/docs/{path}")
        assert (answer.headers["content-type"], answer.headers["cache-control"]) == (media, "no-cache")
        assert re.fullmatch("RQ[0-9a-f]{32}", answer.headers["twilio-request-id"])
        assert bool(answer.content) == (method == "GET")
        assert int(answer.headers["content-length"]) > 0


def test_every_answer_has_the_policy(docs):
    """No answer may be framed or guessed at; the page on which the API is tried, and no other, may connect anywhere."""
    (script,) = set(re.findall(r'src="(assets/site\.\w+\.js)"', docs.get("/docs/index.html").text)) or {"none.js"}
    for method, path in (("GET", ""), ("GET", "/none"), ("PUT", "/index.html"), ("HEAD", f"/{script}")):
        answer = docs.request(method, f"/docs{path}")
        assert {name: answer.headers.get(name) for name in SAFE} == SAFE, path
    for path in (f"{version()}/try.html", f"{version()}/reference.html"):
        policy = docs.get(f"/docs/{path}").headers["content-security-policy"]
        assert policy == POLICY.format("*" if path.endswith("try.html") else "'none'")


def test_unchanged_files_are_not_sent_again(docs):
    """A file that the client has is a 304; scripts and styles, which never change under their names, are kept."""
    first = docs.get("/docs/index.html")
    again = docs.get("/docs/index.html", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    style = re.search(r'href="(assets/site\.\w+\.css)"', first.text)[1]
    assert docs.get(f"/docs/{style}").headers["cache-control"] == "public, max-age=31536000, immutable"
    assert docs.get("/docs/assets/none.css").headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "path",
    ["none.html", "assets/", "%2e%2e/%2e%2e/etc/passwd", "..%2f..%2fetc%2fpasswd", "%c0%ae%c0%ae/etc/passwd",
     "index.html%00.css", "/etc/passwd", "%2e%2e/v2/Services/IS/Bindings", "x/" * 10_000, "a" * 10_000],
    ids=lambda path: path[:30],
)  # fmt: skip
def test_missing_files_are_not_found(docs, path):
    """A path that is no file of the site is a 404, whatever its form."""
    assert docs.get(f"/docs/{path}").status_code == 404


def test_the_site_is_only_read(docs):
    """Other methods are a 405 with those that there are; what stands beside /docs is the API's."""
    for method in ("POST", "PUT", "DELETE"):
        answer = docs.request(method, "/docs/index.html")
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")
    assert docs.get("/docsx").json()["code"] == 20404
    assert docs.get("/v2/Services/IS/Bindings").status_code == 401


@pytest.mark.usefixtures("unmeasured")
def test_an_installation_from_a_clone_has_the_whole_site(tmp_path, site):
    """Installed from the files of the repository alone, without Node.js, `publish` writes all of the site."""
    tracked = subprocess.run(FILES_OF_A_CLONE, cwd=ROOT, capture_output=True, text=True, check=False).stdout
    if not tracked:
        unavailable("the list of tracked files: git, and a clone")
    package = tmp_path / "lib" / "chat_bindings"
    places = {"handlers/": package, "openapi/": package / "openapi"}
    for name in tracked.split("\0"):
        for prefix, folder in places.items():
            if name.startswith(prefix) and (ROOT / name).is_file():
                path = folder / name.removeprefix(prefix)
                path.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(ROOT / name, path)
    python = environment(PYTHONPATH=str(tmp_path / "lib"), PATH=str(tmp_path))
    command = [sys.executable, "-m", "chat_bindings", "publish", "-o", str(tmp_path / "site")]
    done = subprocess.run(command, env=python, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert files_of(tmp_path / "site") == files_of(site)


@pytest.mark.parametrize(
    ("path", "location"),
    [("/docs", "./docs/"), ("/docs/latest?a=b%20c", "./latest/?a=b%20c"), (f"/docs/{version()}", f"./{version()}/")],
)
def test_redirects_are_relative(docs, path, location):
    """A redirect names no scheme, host or prefix: a proxy may have changed each."""
    answer = docs.get(path, headers={"Host": "evil.example", "X-Forwarded-Proto": "https"})
    assert (answer.status_code, answer.headers["location"]) == (307, location)


def test_a_site_that_cannot_be_built_is_a_500_with_its_reason_in_the_log(tmp_path, caplog):
    """The log has the reason, the answer has not, and the next request tries again."""
    docs = Docs(Site(tmp_path, os.rmdir))
    scope = {"type": "http", "method": "GET", "path": "/docs/", "query_string": b"", "headers": []}
    for _ in range(2):
        with pytest.raises(ApiError):
            asyncio.run(docs(scope, None, None))
    folder = tmp_path / str(os.getpid())
    reason = f"the site cannot be published: FileNotFoundError: [Errno 2] No such file or directory: {str(folder)!r}"
    assert [record.getMessage() for record in caplog.records] == [reason, reason]
