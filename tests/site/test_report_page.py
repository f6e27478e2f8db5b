"""The page of a report, opened from disk in Chromium without a network."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from chat_bindings.verify.report.files import write_clauses, write_reports
from chat_bindings.verify.suite import OUT_OF_REACH, clauses

from ..support.tools import path_of
from ..verify.test_report_files import HOSTILE, report_of

pytestmark = [pytest.mark.ci("needs Chromium"), pytest.mark.needs("chromium")]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path_of("chromium"), args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("report")
    write_reports(report_of("failed", "passed", "skipped", "failed"), path)
    write_clauses(clauses(), OUT_OF_REACH, path)
    return path


@pytest.mark.parametrize("name", ["report.html", "clauses.html"])
@pytest.mark.parametrize("width", [1280, 375])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page(browser, folder, name, width, scheme):
    """It loads nothing but itself, breaks no rule of its policy, and is not wider than its window."""
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True, java_script_enabled=True
    )
    page = context.new_page()
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto((folder / name).as_uri())
    wide, room = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    headings = page.locator("h1, h2, h3").all_inner_texts()
    context.close()
    assert (asked, said) == ([(folder / name).as_uri()], [])
    assert wide <= room
    assert background == {"light": "rgb(255, 255, 255)", "dark": "rgb(13, 17, 23)"}[scheme]  # the style is in force
    assert len(headings) > 5


def test_texts_of_a_server_are_escaped(browser, folder):
    """Markup in what a server sent is text on the page, and runs nothing."""
    page = browser.new_page()
    page.goto((folder / "report.html").as_uri())
    assert "<script>alert(1)</script>" in HOSTILE
    assert page.locator("article").first.inner_text().count("<script>alert(1)</script>") >= 1
    assert page.locator("script").count() == 0
    assert page.locator("img").count() == 0
    page.close()
