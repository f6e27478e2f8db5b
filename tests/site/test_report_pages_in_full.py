"""The pages of verify in Chromium: every form of a report, with hostile texts, and what a reader needs of them."""

from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from chat_bindings.verify.report.files import write_clauses, write_reports
from chat_bindings.verify.suite import OUT_OF_REACH, clauses

from ..support.tools import path_of
from .sample_reports import mixed, report, whole

pytestmark = [pytest.mark.ci("needs Chromium"), pytest.mark.needs("chromium")]

# What has less contrast than WCAG 2.2 asks for at AA with the first background below it that is painted.
FAINT = """() => {
  const channels = (colour) => colour.match(/[0-9.]+/g).map(Number);
  const luminance = (colour) => {
    const [r, g, b] = channels(colour).slice(0, 3).map((value) => value / 255)
      .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const painted = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const colour = getComputedStyle(each).backgroundColor;
      if ((channels(colour)[3] ?? 1) === 1) return colour;
    }
    return 'rgb(255, 255, 255)';
  };
  const texts = [...document.body.querySelectorAll('*')].filter((element) =>
    [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim()));
  return texts.map((element) => {
    const [light, dark] = [getComputedStyle(element).color, painted(element)].map(luminance).sort((a, b) => b - a);
    return [(light + 0.05) / (dark + 0.05), `${element.tagName}.${element.className}`];
  }).filter(([ratio]) => ratio < 4.5);
}"""

CUT = "all => all.filter((e) => e.scrollWidth > e.clientWidth && getComputedStyle(e).overflowX === 'visible').length"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """The pages: of several runs, and of the clauses."""
    found = tmp_path_factory.mktemp("pages")
    write_reports(mixed(), found / "mixed")
    write_reports(mixed(strict=True, stopped="The run was interrupted."), found / "stopped")
    write_reports(whole(), found / "whole")
    write_reports(report(stopped="The target went away."), found / "nothing")
    write_clauses(clauses(), OUT_OF_REACH, found / "clauses")
    return found


@pytest.fixture(scope="module")
def browser():
    """A browser."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path_of("chromium"), args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def opened(browser):
    """Opens a file offline; fails when the page has an error, or requests anything besides itself."""
    complaints, asked, files, contexts = [], [], [], []

    def open_(path, width=1280, **options):
        context = browser.new_context(viewport={"width": width, "height": 900}, offline=True, **options)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(path.as_uri())
        contexts.append(context)
        files.append(path.as_uri())
        return page

    yield open_
    for context in contexts:
        context.close()
    assert (complaints, asked) == ([], files)


pages = pytest.mark.parametrize(
    "name",
    ["mixed/report.html", "stopped/report.html", "whole/report.html", "nothing/report.html", "clauses/clauses.html"],
)


@pages
@pytest.mark.parametrize("width", [1280, 375])
def test_a_page_fits_its_window(opened, folder, name, width):
    """Wide and at 375 px no page is wider than its window, opened details included."""
    page = opened(folder / name, width)
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    widest, window = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert widest <= window


@pages
def test_a_page_is_styled_under_its_policy(opened, folder, name):
    """The policy allows nothing but the page's own style, by its hash, and the style is in effect."""
    page = opened(folder / name)
    policy = page.get_attribute("meta[http-equiv=Content-Security-Policy]", "content")
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert page.evaluate("getComputedStyle(document.querySelector('.verdict')).fontWeight") == "700"
    assert page.locator("script, img, iframe, link, [style], [src]").count() == 0


@pages
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_can_be_read(opened, folder, name, scheme):
    """Light and dark, every text has the contrast of WCAG level AA; dark is dark."""
    page = opened(folder / name, color_scheme=scheme)
    assert page.evaluate(FAINT) == []
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (background == "rgb(255, 255, 255)") == (scheme == "light")


@pages
def test_a_page_has_an_outline(opened, folder, name):
    """A page has a language, a title and one first heading, and skips no level of headings."""
    page = opened(folder / name)
    assert page.get_attribute("html", "lang") == "en"
    assert page.title().strip()
    levels = [int(each[1]) for each in page.eval_on_selector_all("h1, h2, h3", "all => all.map((h) => h.tagName)")]
    assert levels.count(1) == 1
    assert all(below - above <= 1 for above, below in zip([0, *levels], levels, strict=False))
    assert page.eval_on_selector_all("dt, li, th", "all => all.filter((e) => !e.innerText.trim()).length") == 0


def test_a_report_begins_with_its_verdict(opened, folder):
    """First the verdict, then the violated clauses, the findings, and a table for each section, with headers."""
    page, run = opened(folder / "mixed" / "report.html"), mixed()
    assert page.locator(".verdict").inner_text().startswith("The target does not keep the contract")
    headings = page.locator("h2").all_inner_texts()
    assert headings[:2] == ["Violated clauses", "Found by fuzzing"]
    assert "All clauses" in headings
    assert page.locator("article").count() == run.outcomes["failed"] + len(run.findings)
    assert page.locator("table").count() == len({each.clause.section for each in run.results})
    assert page.locator("tbody tr").count() == len(run.results)
    assert page.locator("thead th:not([scope=col]), tbody th:not([scope=row])").count() == 0


def test_a_curl_line_is_complete(opened, folder):
    """A curl line stands in the page as it is run, however long, and is not cut off at 375 px."""
    page = opened(folder / "mixed" / "report.html", 375)
    must = (each for each in mixed().results if each.outcome == "failed" and each.clause.level == "must")
    assert page.locator("pre").first.text_content() == next(must).reproduce
    assert page.eval_on_selector_all("pre", CUT) == 0
