"""A browser whose network is cut, and servers of the published site."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, Page, Request, sync_playwright

from ..support.running import Service, wait_until
from ..support.tools import path_of, unavailable

AXE = Path(__file__).parents[2] / "openapi" / "node_modules" / "axe-core" / "axe.min.js"

Opened = Callable[..., Page]


class Demo(NamedTuple):
    """A running demo: its URL, the credentials of its account, and the path of its Binding."""

    url: str
    user: str
    password: str
    path: str


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Start a browser that finds no host but this machine."""
    cut = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path_of("chromium"), args=["--no-sandbox", cut])
        yield browser
        browser.close()


@pytest.fixture
def new_page(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """Return a function that makes pages, each in a context of its own."""
    contexts = []

    def make(**options: object) -> Page:
        context = chromium.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})  # type: ignore[arg-type]
        context.set_default_timeout(60_000)
        contexts.append(context)
        return context.new_page()

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def opened(new_page: Callable[..., Page]) -> Iterator[Opened]:
    """Return a function that opens an address; a page's error, or a request to another origin, fails the test.

    `also` is another prefix (scheme and host) that the page may request, beside that of its own address. The addresses
    that it requests are added to `requested`.
    """
    complaints: list[str] = []

    def open_(
        address: str, also: str = "file:///nothing", requested: list[str] | None = None, **options: object
    ) -> Page:
        page = new_page(**options)
        origin = "/".join(address.split("/")[:3])

        def heed(request: Request) -> None:
            if requested is not None:
                requested.append(request.url)
            if not request.url.startswith((origin, also, "data:", "blob:")):
                complaints.append(f"{address} asked for {request.url}")

        page.on("request", heed)
        page.on("console", lambda message: complaints.append(f"{address}: {message.text}"))
        page.on("pageerror", lambda error: complaints.append(f"{address}: {error}"))
        page.on("requestfailed", lambda request: complaints.append(f"{address}: {request.url} {request.failure}"))
        page.goto(address)
        return page

    yield open_
    assert complaints == []


@pytest.fixture(scope="session")
def violations() -> Callable[..., list[str]]:
    """Return a function that lists axe-core's violations of a page, given axe-core's options."""
    if not AXE.exists():
        unavailable("axe-core is missing: make openapi/node_modules/.installed")
    axe = AXE.read_text(encoding="utf-8")

    def find(page: Page, **options: object) -> list[str]:
        page.evaluate(axe)
        options |= {"preload": False, "resultTypes": ["violations"]}
        found = page.evaluate("(options) => axe.run(options)", options)["violations"]
        return [f"{each['id']}: {each['help']}: {node['html']}" for each in found for node in each["nodes"]]

    return find


def check_widths(page: Page, *widths: int) -> None:
    """Prove that a page is no wider than its window at each width."""
    for width in widths:
        page.set_viewport_size({"width": width, "height": 900})
        widest, window = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        assert widest <= window, width


@contextmanager
def serve_demo(folder: Path) -> Iterator[Demo]:
    """Run a demo."""
    with Service(folder, arguments=("serve", "--demo", "--port", 0)) as running:
        invitation = re.compile(r"curl -u (\w+):(\w+) \S+?(/v2/\S+)\n")
        assert wait_until(lambda: invitation.search(running.output), 60), running.output
        yield Demo(running.url, *invitation.search(running.output).groups())


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """Run a demo, which serves the site as well."""
    with serve_demo(tmp_path_factory.mktemp("demo")) as served:
        yield served


@pytest.fixture(scope="module")
def below(site: Path) -> Iterator[str]:
    """Serve the site's files below a path, and yield the address."""
    folder = site.parent / "root" / "some" / "path"
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "docs of ours").exists():
        (folder / "docs of ours").symlink_to(site)

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=site.parent / "root")) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/some/path/docs%20of%20ours"
        server.shutdown()
