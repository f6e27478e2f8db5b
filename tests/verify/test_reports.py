"""The reports of verify: the content of files and terminal, whatever the server sent."""

import io
import json
import re
import threading

import jsonschema
import pytest
from junitparser import Error, Failure, JUnitXml, Skipped
from rich.console import Console

from chat_bindings.cli.failures import refusal_of
from chat_bindings.failures import Refusal
from chat_bindings.verify.outcome import Result, SentRequest
from chat_bindings.verify.report import console as verify_console
from chat_bindings.verify.report.console import LiveProgress, show_summary
from chat_bindings.verify.report.files import write_reports
from chat_bindings.verify.report.github import summary
from chat_bindings.verify.report.texts import printable
from chat_bindings.verify.suite import clauses

from ..site.sample_reports import CURL, HOSTILE, failed, finding, first, mixed, report, whole
from ..support import specs
from ..support.markup import Markup

SCHEMA = specs.load("report.yaml")
UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")

hostile = pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)

FILES = {"report.json", "junit.xml", "report.html", "clauses.html"}

RUNS = {
    "conformant": whole(),
    "conformant with advice": report(failed(first("should"))),
    "violations": report(failed(first("must"))),
    "violations of a strict run": report(failed(first("should")), strict=True),
    "violations found by fuzzing": whole(fuzz_examples=20, findings=[finding()]),
    "incomplete": report(failed(first("must")), stopped="The run was interrupted."),
    "nothing done": report(stopped="The target went away."),
    "nothing deleted": whole("skipped", read_only=True),
    "something of everything": mixed(),
}


def written(run, folder):
    """Write report.json, which holds to its schema, junit.xml and report.html of a run."""
    write_reports(run, folder)
    document = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    jsonschema.validate(document, SCHEMA, format_checker=jsonschema.FormatChecker())
    return document, JUnitXml.fromfile(str(folder / "junit.xml")), (folder / "report.html").read_text(encoding="utf-8")


def printed(show, *arguments, width=80, terminal=False):
    """Return the terminal's output."""
    console = Console(file=io.StringIO(), width=width, highlight=False, force_terminal=terminal, color_system=None)
    show(*arguments, console)
    return console.file.getvalue()


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
def test_every_form_says_the_same(run, tmp_path):
    """Of every verdict, report.json holds to its schema, junit.xml and the page count what it counts, and the last line
    of the terminal says it."""
    document, suites, page = written(run, tmp_path)
    assert document["verdict"] == run.verdict
    assert len(document["clauses"]) == len(run.results)
    assert suites.failures == run.violations
    assert suites.skipped == run.outcomes["skipped"]
    assert suites.errors == bool(run.stopped)
    has_no_findings = bool(run.fuzz_examples) and not run.findings
    assert suites.tests == len(run.results) + len(run.findings) + bool(run.stopped) + has_no_findings
    text = Markup(page).text
    assert run.stopped in text
    assert all(each.clause.id in text for each in run.results)
    assert f'class="verdict {run.verdict}"' in page
    assert {path.name for path in tmp_path.iterdir()} == FILES
    sentences = {
        "conformant": "The target keeps the contract.",
        "violations": "The target does not keep the contract: ",
        "incomplete": f"The run did not come to its end. {run.stopped}",
    }
    assert printed(show_summary, run).splitlines()[-1].startswith(sentences[run.verdict])


def test_the_start_is_in_gmt_with_whole_seconds(tmp_path):
    """`started_at` is ISO 8601 in GMT with whole seconds, whatever the time zone it was taken in."""
    document, _, page = written(report(), tmp_path)
    assert document["started_at"] == "2026-11-24T03:04:05Z"
    assert "2026-11-24 03:04:05 GMT" in page


def hostile_report(text):
    """Make a report that has a text wherever the text of a target can stand."""
    violated = [failed(first("must"), text, text), failed(first("should"), text, text)]
    findings = [finding("must", text), finding("should", text)]
    options = {"fuzz_examples": 1, "findings": findings, "stopped": text, "variables": {"A": text}}
    return report(*violated, Result(clauses()[-1], "skipped", detail=text), **options)


@hostile
def test_json_holds_what_came(text, tmp_path):
    """Text of a server stands in report.json in ASCII, and is unchanged when it is read."""
    document, *_ = written(hostile_report(text), tmp_path)
    assert document["clauses"][0]["actual"].replace("\\ud800", "\ud800") == text
    assert (tmp_path / "report.json").read_bytes().isascii()


@hostile
def test_junit_is_read_by_a_parser_of_others(text, tmp_path):
    """Whatever a server sent, a JUnit parser reads the failures, advice, skips and errors, and no more of them."""
    _, suites, _ = written(hostile_report(text), tmp_path)
    cases = [case for suite in suites for case in suite]
    outcomes = [type(result) for case in cases for result in case.result]
    assert sorted(each.__name__ for each in outcomes) == ["Error", "Failure", "Failure", "Skipped"]
    assert {Error, Failure, Skipped} == set(outcomes)
    assert sum(bool(case.system_out) for case in cases) == 2
    assert not UNSAFE.search((tmp_path / "junit.xml").read_text(encoding="utf-8"))


@hostile
def test_a_page_shows_what_came_as_text(text, tmp_path):
    """Text of a server is text in the page: no element, no attribute and no control character comes of it."""
    *_, page = written(hostile_report(text), tmp_path)
    *_, plain = written(hostile_report("x"), tmp_path)
    found, expected = Markup(page), Markup(plain)
    assert [(tag, list(given)) for tag, given in found.elements] == [
        (tag, list(each)) for tag, each in expected.elements
    ]
    assert found.values("href") == expected.values("href")
    assert all(re.fullmatch(r"clauses\.html#[A-Z]+-[0-9]{2}", link) for _, link in found.values("href"))
    assert not UNSAFE.search(page)
    assert not {"script", "img", "link", "iframe"} & {tag for tag, _ in found.elements}
    assert not [name for _, given in found.elements for name in given if re.match("src|style|on", name)]


@hostile
@pytest.mark.parametrize("terminal", [False, True])
def test_a_terminal_shows_what_came_as_text(text, terminal):
    """Text of a server neither controls the terminal nor is taken for markup."""
    output = printed(show_summary, hostile_report(text), terminal=terminal)
    assert not UNSAFE.search(output)
    if text.isascii() and text.isprintable():
        assert f"actual {text}\n" in output


@pytest.mark.parametrize(
    "line",
    [
        "curl -u a:b:c -d ':warning:'",
        "curl \\",
        "curl -d '\t'",
        "curl -d '[a]\\[b]\\\\'",
        f"{CURL}{'%20' * 200}",
    ],
)
def test_curl_lines_are_printed_as_they_are(line):
    """Nothing in a curl line is a picture, an escape, a tabulator or a line break: it can be copied and run."""
    assert f"  {line}\n" in printed(show_summary, report(failed(first("must"), line, line)), width=40)


def test_a_page_lists_what_was_announced_and_deleted(tmp_path):
    """The SIDs that the run announced to delete stand on the page beside those that were deleted."""
    *_, page = written(report(deletable=["BS1", "BS2"], deleted=["BS1"]), tmp_path)
    assert re.search("1 Binding deleted.*BS1<.*2 Bindings announced before.*BS1 BS2", page, re.DOTALL)


def test_fuzzing_shows_in_every_form(tmp_path):
    """The requests of fuzzing are on the terminal, on the page and in report.json, none too; it has its own section."""
    run = whole(fuzz_examples=20, fuzz_requests={"GET /a": 1200, "DELETE /a": 1}, findings=[finding("should")])
    document, suites, page = written(run, tmp_path)
    sentence = (
        "Fuzzing sent 1201 requests for 20 examples of each operation (GET /a 1200, DELETE /a 1), and found 1 fault."
    )
    output = printed(show_summary, run, width=4000)
    assert document["fuzzing"]["requests"] == {"GET /a": 1200, "DELETE /a": 1}
    assert sentence in Markup(page).text
    assert sentence in output
    assert re.search(r"^ *Fuzzing +1", output, re.MULTILINE)
    assert "Fuzzing" in [suite.name for suite in suites]
    run = whole(fuzz_examples=20)
    document, suites, page = written(run, tmp_path)
    assert document["fuzzing"]["requests"] == {}
    for text in (Markup(page).text, printed(show_summary, run), str(suites.tostring())):
        assert "Fuzzing was asked for, and sent nothing." in text


def test_what_counts_comes_before_advice(tmp_path):
    """A `must`, violated or found by fuzzing, comes before a violated `should`, which is a passed case of JUnit's."""
    advice, counts = failed(first("should")), failed(first("must"))
    run = report(advice, counts, fuzz_examples=1, findings=[finding("should", "advice"), finding("must", "a fault")])
    _, suites, page = written(run, tmp_path)
    for text in (page[page.index("Violated clauses") :], printed(show_summary, run)):
        assert text.index(counts.clause.title) < text.index(advice.clause.title)
        assert text.index("A fault: a fault") < text.index("A fault: advice")
    passed = [case for suite in suites for case in suite if case.is_passed]
    assert len(passed) == 2
    assert all(CURL in case.system_out for case in passed)
    assert "advice" in Markup(page).text


def test_skipped_reasons_are_grouped():
    """A reason for which many clauses were skipped is listed once."""
    assert printed(show_summary, whole("skipped"), width=4000).count("the run only reads") == 1


def test_what_the_world_lacks_is_listed_in_one_place(tmp_path):
    """The clauses that the world cannot exercise are grouped by what it lacks, with the command that makes it whole."""
    lacks = ("identity with a comma", "key", "key")
    results = [
        Result(each, "skipped", detail=f"the world has no {what}", lacks=what)
        for each, what in zip(clauses(), lacks, strict=False)
    ]
    run = report(*results, Result(clauses()[-1], "skipped", detail="it deletes"), notes=["URLs are foreign."])
    document, _, page = written(run, tmp_path)
    assert document["notes"] == ["URLs are foreign."]
    for text in (printed(show_summary, run, width=4000), Markup(page).text, summary(run)):
        assert text.count("3 clauses cannot be checked with this world.") == 1
        assert text.count("chat-bindings fixtures -o world.json") == 1
        assert "URLs are foreign." in text
    for text in (printed(show_summary, run, width=4000), Markup(page).text):
        assert text.index("no identity with a comma: BINDING-01") < text.index("no key: BINDING-02, BINDING-03")


def test_the_same_folder_takes_another_report(tmp_path):
    """A report takes the place of an older one, and leaves no temporary file."""
    written(whole(), tmp_path / "made" / "here")
    document, *_ = written(report(stopped="It ended."), tmp_path / "made" / "here")
    assert document["clauses"] == []
    assert len(list((tmp_path / "made" / "here").iterdir())) == len(FILES)


def test_what_cannot_be_written_is_named(tmp_path):
    """A folder that cannot be made, and a folder in the place of a report, are errors that name it."""
    (tmp_path / "file").touch()
    (tmp_path / "report.json").mkdir()
    for folder, name in ((tmp_path / "file" / "folder", "file"), (tmp_path, "report.json")):
        with pytest.raises((OSError, Refusal), match=name) as raised:
            write_reports(report(), folder)
        refusal = refusal_of(raised.value) or raised.value
        assert str(tmp_path / name) in refusal.message


def test_progress_tells_of_violations_where_there_is_no_terminal():
    """Without a terminal there is a line for each violation, and no bar."""

    def run(console):
        with LiveProgress(console, 3) as progress:
            for result in (Result(clauses()[0], "passed"), failed(first("must")), failed(first("should"))):
                progress.start(result.clause)
                progress.done(result)

    lines = printed(run).splitlines()
    assert [line.split()[:2] for line in lines] == [["violated", first("must").id], ["advice", first("should").id]]


def test_a_silence_is_broken_by_what_is_waited_for(monkeypatch):
    """A line after a silence names what the run waits for, as text, and its progress; none comes where it waits for
    nothing."""
    monkeypatch.setattr(verify_console, "SILENCE_S", 0.05)
    said = threading.Event()

    def waits_for():
        said.set()
        return "1 answer; [bold]GET /a\x1b"

    def run(console):
        with LiveProgress(console, 3, waits_for=waits_for) as progress:
            progress.done(Result(clauses()[0], "passed"))
            assert said.wait(60)

    assert "Waits for 1 answer; [bold]GET /a\\x1b (1 of 3 clauses checked)." in printed(run, width=4000)


def test_printable():
    """Line feeds and tabs stay; other control characters, lone surrogates and changes of direction are escapes."""
    assert printable("a\tb\nc \u00e9 \U0001f600") == "a\tb\nc \u00e9 \U0001f600"
    assert printable("\x00\x1b\ud800\u202e") == "\\x00\\x1b\\ud800\\u202e"


def test_violations_of_one_cause_are_grouped(tmp_path):
    """Violations that met the same answer stand together: the first in full, the others by id and title."""
    musts = [each for each in clauses() if each.level == "must"][:3]
    cause = 'status 400, code 20001, message "must be url encoded"'
    results = [
        Result(musts[0], "failed", "status 200", "status 400", reproduce=CURL, cause=cause),
        failed(musts[1]),
        Result(musts[2], "failed", "status 200", "status 400", reproduce=CURL, cause=cause),
    ]
    document, _, page = written(report(*results), tmp_path)
    output = printed(show_summary, report(*results), width=200)
    assert [each["cause"] for each in document["clauses"]] == [cause, None, cause]
    assert "1 more clause of the same cause" in page
    assert output.index(musts[0].id) < output.index(f"also {musts[2].id}") < output.index(musts[1].title)
    assert output.count(CURL) == 2


def test_a_violation_shows_its_requests_in_order_with_their_times(tmp_path):
    """The page shows the requests of a violation as they were sent, and links to the clause in the file beside it."""
    clause = first("must")
    sent = (
        SentRequest(clause.id, 1.25, "GET", "http://a/1", "status 200"),
        SentRequest(clause.id, 2.5, "GET", "http://a/2", "status 404"),
    )
    *_, page = written(report(Result(clause, "failed", "a", "b", reproduce=CURL, requests=sent)), tmp_path)
    text = Markup(page).text
    assert re.search(r"1\.250 s: GET http://a/1, status 200\s+2\.500 s: GET http://a/2, status 404", text)
    assert f'href="clauses.html#{clause.id}"' in page
    assert f'id="{clause.id}"' in (tmp_path / "clauses.html").read_text(encoding="utf-8")


def test_a_thousand_violations_are_written_at_once(tmp_path):
    """A report of 1,000 violations is one page of moderate size."""
    clause = first("must")
    sent = tuple(
        SentRequest(clause.id, number / 10, "GET", "http://a/" + "x" * 100, "status 200") for number in range(4)
    )
    results = [Result(clause, "failed", "a", f"b {number}", reproduce=CURL, requests=sent) for number in range(1000)]
    *_, page = written(report(*results), tmp_path)
    assert page.count("<article") == 1000
    assert len(page) < 4 << 20
