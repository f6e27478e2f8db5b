"""The reports of verify: their forms, and what hostile texts do to them."""

import io
import json
from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import pytest
import yaml
from click import ClickException
from junitparser import JUnitXml
from rich.console import Console

from chat_bindings.verify.outcome import Finding, Report, Result
from chat_bindings.verify.report.console import LiveProgress, show_clauses, show_summary
from chat_bindings.verify.report.files import write_reports
from chat_bindings.verify.report.texts import SECTIONS, printable
from chat_bindings.verify.suite import OUT_OF_REACH, chosen, clauses

SCHEMA = yaml.safe_load(Path("openapi/report.yaml").read_text(encoding="utf-8"))

HOSTILE = (
    "<script>alert(1)</script><img src=//x>]]>&amp; \x00\x1b[31m\x07 \ud800 \u202e [bold]no[/bold] {{ 7*7 }} `c`"
    + "x" * 3000
)


def report_of(*outcomes, **options):
    """A report of the first clauses, with hostile texts."""
    report = Report("http://127.0.0.1:8000", datetime(2026, 11, 24, 1, 2, 3, tzinfo=UTC), **options)
    for clause, outcome in zip(chosen(["BINDING"]), outcomes, strict=False):
        text = "" if outcome == "passed" else HOSTILE
        failed = text if outcome == "failed" else ""
        report.results.append(Result(clause, outcome, failed, failed, text, failed, 0.5))
    return report


def printed(show, *arguments, **options):
    """What a function prints on a console."""
    stream = io.StringIO()
    show(*arguments, Console(file=stream, highlight=False, width=100, **options))
    return stream.getvalue()


def written(report, folder):
    """The reports of a run, read by parsers that are not ours."""
    write_reports(report, folder)
    document = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    jsonschema.validate(document, SCHEMA)
    return document, JUnitXml.fromfile(str(folder / "junit.xml")), (folder / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("outcomes", "options", "verdict", "failures"),
    [
        (["passed", "skipped"], {}, "conformant", 0),
        (["passed", "failed"], {}, "conformant", 0),  # BINDING-02 is a `should`
        (["passed", "failed"], {"strict": True}, "violations", 1),
        (["failed", "failed"], {"read_only": True}, "violations", 1),
        (["failed"], {"stopped": "The run was interrupted."}, "incomplete", 1),
        ([], {"stopped": "The run was interrupted."}, "incomplete", 0),
    ],
)
def test_verdict(tmp_path, outcomes, options, verdict, failures):
    """Every verdict stands in all three forms, and the JSON holds to its schema."""
    document, suites, page = written(report_of(*outcomes, **options), tmp_path)
    assert document["verdict"] == verdict
    assert (suites.failures, suites.errors) == (failures, int(verdict == "incomplete"))
    assert suites.skipped == outcomes.count("skipped")
    assert f'class="verdict {verdict}"' in page
    assert [clause["outcome"] for clause in document["clauses"]] == outcomes


def test_hostile_texts_are_texts(tmp_path):
    """What a server sent is neither markup nor a control sequence, in no form of the report, and is not lost."""
    report = report_of("failed", "failed", "skipped")
    report.findings.append(Finding("must", HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE))
    report.fuzz_examples = 5
    document, suites, page = written(report, tmp_path)
    assert document["clauses"][0]["actual"] == HOSTILE
    texts = [case.result[0].text for suite in suites for case in suite if case.result and case.result[0].text]
    assert any("<script>alert(1)</script>" in text and "]]>" in text for text in texts)
    assert "<script" not in page
    assert "<img" not in page
    assert "{{ 7*7 }}" in page
    shown = printed(show_summary, report, force_terminal=False)
    assert "[bold]no[/bold]" in shown
    for form in (page, shown, (tmp_path / "junit.xml").read_text(encoding="utf-8")):
        assert not set(form) & set("\x00\x1b\x07\ud800\u202e")
        assert "\\x1b[31m" in form


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path):
    """A file in the place of the folder, or of a report, is an error that names it."""
    (tmp_path / "report.json").mkdir()
    with pytest.raises((ClickException, OSError), match=r"report\.json"):
        write_reports(report_of("passed"), tmp_path)


def test_progress_says_what_is_violated():
    """Where there is no terminal, each violated clause is a line; advice is told from what fails."""
    stream = io.StringIO()
    console = Console(file=stream, highlight=False, width=100)
    with LiveProgress(console, 3) as progress:
        for result in report_of("failed", "failed", "passed").results:
            progress.start(result.clause)
            progress.done(result)
    lines = stream.getvalue().splitlines()
    assert [line.split()[:2] for line in lines] == [["violated", "BINDING-01"], ["advice", "BINDING-02"]]


def test_clauses_are_listed():
    """All clauses and all that is out of reach are listed, with their sources."""
    text = printed(lambda console: show_clauses(clauses(), OUT_OF_REACH, console))
    assert all(clause.id in text for clause in clauses())
    assert all(rule in text for rule, _ in OUT_OF_REACH)
    assert all(name in text for name in SECTIONS.values())


def test_printable():
    """Line feeds and tabs stay; other control characters, lone surrogates and changes of direction are escapes."""
    assert printable("a\tb\nc \u00e9 \U0001f600") == "a\tb\nc \u00e9 \U0001f600"
    assert printable("\x00\x1b\ud800\u202e") == "\\x00\\x1b\\ud800\\u202e"
