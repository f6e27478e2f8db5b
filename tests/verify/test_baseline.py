"""The baseline: known violations do not count, new ones do, and mended ones are reported."""

import json

import pytest

from chat_bindings.verify.baseline import BadBaseline, Baseline
from chat_bindings.verify.outcome import Result
from chat_bindings.verify.report.files import write_reports
from chat_bindings.verify.report.github import summary
from chat_bindings.verify.report.texts import verdict
from chat_bindings.verify.suite import clauses

from ..site.sample_reports import HOSTILE, failed, finding, first, report

IDS = {clause.id for clause in clauses()}
MUST, SHOULD = first("must"), first("should")
OTHER = next(clause for clause in clauses() if clause.level == "must" and clause is not MUST)


def read(tmp_path, text):
    path = tmp_path / "baseline"
    path.write_text(text, encoding="utf-8")
    return Baseline.read(path, IDS)


def test_lines_of_ids_and_reasons(tmp_path):
    """A list has an id and a reason a line; comments and empty lines are left out."""
    baseline = read(tmp_path, f"# known\n\n{MUST.id} a reason of words  \n{OTHER.id}\tanother")
    assert baseline.reasons == {MUST.id: "a reason of words", OTHER.id: "another"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("FETCH-01 a\nFETCH-99 b", "line 2: FETCH-99 is the id of no clause"),
        ("FETCH-01", "line 1: FETCH-01 has no reason"),
        ("{}", "is no report.json"),
        ('{"clauses": [1]}', "is no report.json"),
        ('{"clauses"', "is no report.json"),
    ],
)
def test_what_is_no_baseline_is_refused(tmp_path, text, message):
    """An invalid baseline is an error with its line and rule."""
    with pytest.raises(BadBaseline, match=message):
        read(tmp_path, text)


def test_an_earlier_report_is_a_baseline(tmp_path):
    """An earlier report is a baseline: its violations and findings are known, and a reason given before is kept."""
    before = report(
        failed(MUST), failed(SHOULD), Result(OTHER, "passed"),
        fuzz_examples=1, findings=[finding()], baseline=Baseline({SHOULD.id: "as it was"}),
    )  # fmt: skip
    write_reports(before, tmp_path)
    baseline = Baseline.read(tmp_path / "report.json", IDS)
    assert set(baseline.reasons) == {MUST.id, SHOULD.id, finding().title}
    assert baseline.reasons[SHOULD.id] == "as it was"
    assert "2026-11-24T03:04:05Z" in baseline.reasons[MUST.id]


def test_only_what_is_new_counts(tmp_path):
    """A run of known violations does not fail, and reports them; another violation fails it."""
    known = Baseline({MUST.id: "known"})
    run = report(failed(MUST), Result(OTHER, "passed"), baseline=known)
    assert (run.verdict, run.violations) == ("conformant", 0)
    assert verdict(run) == "The target breaks nothing new of the contract: 1 known violation."
    write_reports(run, tmp_path)
    assert json.loads((tmp_path / "report.json").read_text())["baseline"] == {
        "known": [{"id": MUST.id, "reason": "known"}],
        "mended": [],
    }
    assert "Known" in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert report(failed(MUST), failed(OTHER), baseline=known).verdict == "violations"


def test_what_was_mended_is_reported():
    """Violations of the baseline that pass now are named; skipped or unchecked ones are not."""
    baseline = Baseline({MUST.id: "a", OTHER.id: "b", SHOULD.id: "c", "A fault: x": "d"})
    run = report(Result(MUST, "passed"), Result(OTHER, "skipped"), baseline=baseline)
    assert run.mended == [MUST.id]
    run = report(Result(MUST, "passed"), baseline=baseline, fuzz_examples=1, fuzz_requests={"GET /": 3})
    assert run.mended == [MUST.id, "A fault: x"]


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_summary_holds_no_markup_of_a_target(text):
    """Text of a target stays text in the summary of GitHub Actions, and is no row of its own."""
    lines = summary(report(failed(MUST, text), findings=[finding("must", text)])).splitlines()
    plain = summary(report(failed(MUST, "x"), findings=[finding("must", "x")])).splitlines()
    assert len(lines) == len(plain)
    for line, expected in zip(lines, plain, strict=True):
        assert line.count("|") == expected.count("|")
        assert not set(line) & set("<>[]`*_{}")
        assert line.isprintable()
