"""The pages of the published site in Chromium with the network cut: from disk, below a path, and under /docs."""

from pathlib import Path

import pytest

from chat_bindings.site.pages import titles
from chat_bindings.site.site import version
from chat_bindings.verify.suite import clauses

from .conftest import check_widths

pytestmark = [pytest.mark.ci("needs Chromium"), pytest.mark.needs("chromium")]


def address(site: Path, name: str) -> str:
    return (site / version() / f"{name}.html").as_uri()


BROKEN = r"""() => {
  const broken = [];
  for (const cell of document.querySelectorAll("th, td, caption")) {
    const texts = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      for (const word of texts.currentNode.data.matchAll(/\S+/g)) {
        const range = document.createRange();
        range.setStart(texts.currentNode, word.index);
        range.setEnd(texts.currentNode, word.index + word[0].length);
        const lines = new Set([...range.getClientRects()].map((each) => Math.round(each.top)));
        if (lines.size > 1) broken.push(word[0]);
      }
    }
  }
  return broken;
}"""
"""The words in the cells of tables that stand on more than one line."""

BACKGROUND = "getComputedStyle(document.body).backgroundColor"


@pytest.mark.parametrize("name", titles())
def test_a_page_works_from_disk(opened, site, violations, name):
    """A page loads only its own files, keeps axe-core's rules, and at each width fits its window and breaks no word."""
    page = opened(address(site, name))
    assert page.locator("h1").count() == 1
    assert page.locator("nav a[aria-current=page]").inner_text() == titles()[name]
    for width in (320, 768, 1280):
        check_widths(page, width)
        assert page.evaluate(BROKEN) == []
    page.evaluate("[...document.querySelectorAll('details')].slice(0, 9).forEach((each) => { each.open = true; })")
    assert violations(page) == []
    assert page.evaluate(BACKGROUND) == "rgb(255, 255, 255)"
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(BACKGROUND) == "rgb(15, 20, 25)"
    assert violations(page, runOnly=["color-contrast"]) == []


def test_a_broken_word_is_found(opened, site):
    """The check detects a number that is broken where words may break anywhere."""
    page = opened(address(site, "reference"))
    page.evaluate("document.querySelectorAll('td').forEach((e) => { e.style.overflowWrap = 'anywhere'; })")
    assert "20001" in page.evaluate(BROKEN)


@pytest.mark.parametrize("name", ["index", "try", "deploy"])
def test_a_page_works_on_a_server(opened, below, demo, name):
    """A page works below any path of a server of files, and under the service's /docs, whose headers have a policy."""
    for root in (below, f"{demo.url}/docs"):
        assert opened(f"{root}/{version()}/{name}.html").locator("form.search").is_visible()


@pytest.mark.parametrize("path", ["index.html", "latest/clauses.html"])
def test_axe_finds_nothing_outside_of_versions(opened, site, violations, path):
    """Neither do the page of the versions, nor, without JavaScript to lead on, the addresses that stay."""
    page = opened((site / path).as_uri(), java_script_enabled="latest" not in path)
    if "latest" not in path:
        assert violations(page) == []
    assert page.locator(f"main a[href*='{version()}/']").first.is_visible()


def test_the_latest_leads_on(opened, site):
    """An address that stays leads to the version's page, and keeps the place on it."""
    page = opened(f"{(site / 'latest' / 'clauses.html').as_uri()}#PAGE-05")
    page.wait_for_url(f"**/{version()}/clauses.html#PAGE-05")
    assert page.locator("#PAGE-05").is_visible()


@pytest.mark.parametrize(
    ("words", "kind", "place"),
    [
        ("list bindings", "Operation", "reference.html#listBindings"),
        ("page 05", "Clause", "clauses.html#PAGE-05"),
        ("every binding exactly once", "Clause", "clauses.html#PAGE-05"),
        ("20404", "Error", "errors.html#20404"),
        ("pagesize", "Parameter", "reference.html#listBindings-PageSize"),
        ("pageing", "Guide", "reference.html#paging"),
        ("restore backup", "Operating", "back-up.html#restore-it"),
    ],
)
def test_the_search_finds(opened, site, words, kind, place):
    """Operations, clauses, errors and the rest are found by names, by words, and by words with a slip in them."""
    page = opened(address(site, "downloads"))
    page.get_by_label("Search").fill(words)
    found = page.locator(".results li", has=page.locator(".kind", has_text=kind)).locator(f"a[href='{place}']")
    found.wait_for(timeout=60_000)
    found.click()
    page.wait_for_url(f"**/{version()}/{place}")


def test_the_search_is_for_the_keyboard(opened, site, violations):
    """A slash leads to it, arrows to the results, Enter there, and Escape away; an empty result is shown."""
    page = opened(address(site, "index"))
    page.keyboard.press("/")
    page.keyboard.type("fetch-01")
    page.locator(".results a").first.wait_for()
    assert violations(page) == []
    page.keyboard.press("Escape")
    assert not page.locator(".results").is_visible()
    page.keyboard.type("fetch-01")
    page.locator(".results a").first.wait_for()
    page.keyboard.press("ArrowDown")
    assert "FETCH-01" in page.evaluate("document.activeElement.textContent")
    page.keyboard.press("Enter")
    page.wait_for_url("**/clauses.html#FETCH-01")
    page.keyboard.press("/")
    page.keyboard.type("zebra")
    page.get_by_text("Nothing found").wait_for()


def test_a_page_is_for_the_keyboard(opened, site):
    """The first stop leads past the navigation, and every stop shows that it is one."""
    page = opened(address(site, "clauses"))
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the text"
    assert page.evaluate("document.activeElement.getBoundingClientRect().left") > 0
    for _ in range(12):
        page.keyboard.press("Tab")
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_without_javascript_the_text_is_there(opened, site):
    """Every operation and every clause can be read, and the page to try states that it needs JavaScript."""
    page = opened(address(site, "reference"), java_script_enabled=False)
    for text in ("Reads the Bindings of a service", "How many Bindings a page holds.", "curl -X DELETE"):
        assert page.get_by_text(text).first.is_visible()
    page = opened(address(site, "clauses"), java_script_enabled=False)
    assert page.locator("article.clause > p:first-of-type").count() == len(clauses())
    assert page.locator("article.clause > p:first-of-type").last.is_visible()
    page = opened(address(site, "try"), java_script_enabled=False)
    assert page.get_by_text("Trying needs JavaScript").is_visible()
    assert not page.locator("form").first.is_visible()


def test_in_print_all_is_shown(opened, site):
    """On paper there is no navigation, what is folded is unfolded, and nothing is cut off."""
    page = opened(address(site, "clauses"), viewport={"width": 700, "height": 900})
    page.emulate_media(media="print")
    assert not page.locator("form.search, nav, footer").first.is_visible()
    assert page.locator("article.clause details pre").first.bounding_box()["height"] > 20
    assert (
        page.evaluate("[...document.querySelectorAll('pre')].filter((e) => e.scrollWidth > e.clientWidth).length") == 0
    )
