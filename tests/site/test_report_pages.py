"""The pages of verify in Chromium: every form of a report, with hostile texts, opened from disk."""

from pathlib import Path

import pytest

from chat_bindings.verify.report.files import write_clauses, write_reports
from chat_bindings.verify.suite import OUT_OF_REACH, clauses

from .conftest import check_widths
from .sample_reports import mixed, report, whole

pytestmark = [pytest.mark.ci("needs Chromium"), pytest.mark.needs("chromium")]

CUT = "all => all.filter((e) => e.scrollWidth > e.clientWidth && getComputedStyle(e).overflowX === 'visible').length"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Write the pages: of several runs, and of the clauses."""
    found = tmp_path_factory.mktemp("pages")
    write_reports(mixed(), found / "mixed")
    write_reports(whole(), found / "whole")
    write_reports(report(stopped="The target went away."), found / "nothing")
    write_clauses(clauses(), OUT_OF_REACH, found / "clauses")
    return found


@pytest.mark.parametrize("name", ["mixed/report", "whole/report", "nothing/report", "clauses/clauses"])
def test_a_page_can_be_read(opened, folder, violations, name):
    """A page loads only itself, keeps its policy and axe-core's rules in light and dark, and fits its window."""
    requested: list[str] = []
    address = (folder / f"{name}.html").as_uri()
    page = opened(address, requested=requested, offline=True)
    assert requested == [address]
    policy = page.get_attribute("meta[http-equiv=Content-Security-Policy]", "content")
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert page.evaluate("getComputedStyle(document.querySelector('.verdict')).fontWeight") == "700"
    assert page.locator("script, img, iframe, link, [style], [src]").count() == 0
    assert page.locator("h1").count() == 1
    assert page.eval_on_selector_all("dt, li, th", "all => all.filter((e) => !e.innerText.trim()).length") == 0
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    check_widths(page, 1280, 375)
    backgrounds = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert violations(page) == []
        backgrounds.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert backgrounds == ["rgb(255, 255, 255)", "rgb(13, 17, 23)"]


def test_a_report_begins_with_its_verdict(opened, folder):
    """First the verdict, then the violated clauses, the findings, and a table for each section, with headers."""
    page, run = opened((folder / "mixed" / "report.html").as_uri()), mixed()
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
    page = opened((folder / "mixed" / "report.html").as_uri(), viewport={"width": 375, "height": 900})
    must = (each for each in mixed().results if each.outcome == "failed" and each.clause.level == "must")
    assert page.locator("pre").first.text_content() == next(must).reproduce
    assert page.eval_on_selector_all("pre", CUT) == 0
