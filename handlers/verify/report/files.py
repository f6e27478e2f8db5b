"""The reports of verify: report.json, junit.xml and report.html in a folder, and the explanation of the clauses."""

import json
from collections.abc import Sequence
from datetime import UTC
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from ...files import destination
from ..clause import Clause
from ..clauses.free import free
from ..outcome import Choice, Finding, Report, Result, SentRequest
from ..suite import OUT_OF_REACH, clauses
from .page import clauses_page, report_page
from .texts import by_section, fuzzing, kind, printable, sent_line


def write_reports(report: Report, folder: Path, inputs: Sequence[Path] = ()) -> None:
    """Write a report in all of its forms. Each file is complete, or as it was before; none replaces an input."""
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "report.json", _json(as_json(report)), inputs)
    _write(folder / "junit.xml", as_junit(report), inputs)
    _write(folder / "report.html", report_page(report).encode(), inputs)
    _write(folder / "clauses.html", clauses_page(clauses(), OUT_OF_REACH).encode(), inputs)


def write_clauses(clauses: Sequence[Clause], out_of_reach: Sequence[tuple[str, str]], folder: Path) -> None:
    """Write what the clauses say, as clauses.json and clauses.html."""
    folder.mkdir(parents=True, exist_ok=True)
    document = {
        "clauses": [_clause(clause) | {"deletes": bool(clause.deletes)} for clause in clauses],
        "out_of_reach": [{"rule": rule, "reason": reason} for rule, reason in out_of_reach],
        "free": [{"id": each.id, "rule": each.rule} for each in free()],
    }
    _write(folder / "clauses.json", _json(document))
    _write(folder / "clauses.html", clauses_page(clauses, out_of_reach).encode())


def as_json(report: Report) -> dict[str, Any]:
    """Give a report as `openapi/report.yaml` describes it."""
    return {
        "target": report.target,
        "started_at": report.started_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "duration_s": round(report.duration_s, 3),
        "verdict": report.verdict,
        "stopped": report.stopped or None,
        "strict": report.strict,
        "read_only": report.read_only,
        "requests": report.requests,
        "deletable": report.deletable,
        "deleted": report.deleted,
        "clauses": [_result(result) for result in report.results],
        "fuzzing": _fuzzing(report) if report.fuzz_examples else None,
        "baseline": None if report.baseline is None else _baseline(report),
        "choices": [_choice(each) for each in report.choices],
        "notes": list(report.notes),
        "last_requests": [_sent(each) for each in report.last_requests],
        "variables": report.variables,
    }


def as_junit(report: Report) -> bytes:
    """Write a report in JUnit's form: a suite for each section. Advice is no failure."""
    suites = ET.Element("testsuites", name="chat-bindings verify", time=f"{report.duration_s:.3f}")
    for section, results in by_section(report.results).items():
        suite = ET.SubElement(suites, "testsuite", name=section)
        for result in results:
            _case(report, result, suite)
        _count(suite)
    if report.fuzz_examples:
        suite = ET.SubElement(suites, "testsuite", name="Fuzzing")
        for finding in report.findings:
            _finding_case(report, finding, suite)
        if not report.findings:
            case = ET.SubElement(suite, "testcase", classname="Fuzzing", name="finds nothing", time="0")
            if not report.fuzz_requests:
                ET.SubElement(case, "skipped", message=fuzzing(report))
        _count(suite)
    if report.stopped:
        suite = ET.SubElement(suites, "testsuite", name="The run")
        case = ET.SubElement(suite, "testcase", classname="The run", name="comes to its end", time="0")
        error = ET.SubElement(case, "error", message=printable(report.stopped))
        error.text = printable("\n".join(map(sent_line, report.last_requests)))
        _count(suite)
    _count(suites)
    ET.indent(suites)
    document: bytes = ET.tostring(suites, "utf-8", xml_declaration=True)
    return document


def _case(report: Report, result: Result, suite: ET.Element) -> None:
    clause, name = result.clause, kind(report, result)
    case = ET.SubElement(
        suite,
        "testcase",
        classname=suite.get("name", ""),
        name=f"{clause.id} {clause.title}",
        time=f"{result.seconds:.3f}",
    )
    if name == "failed":
        failure = ET.SubElement(case, "failure", type=clause.level, message=_message(result))
        failure.text = _text(result, clause.sentence)
    elif name == "advice":
        ET.SubElement(case, "system-out").text = _text(result, f"Advice: {clause.sentence}")
    elif name == "known":
        ET.SubElement(case, "system-out").text = _text(result, f"{report.known_as(result)}: {clause.sentence}")
    elif name == "skipped":
        ET.SubElement(case, "skipped", message=printable(result.detail))


def _finding_case(report: Report, finding: Finding, suite: ET.Element) -> None:
    case = ET.SubElement(suite, "testcase", classname="Fuzzing", name=printable(finding.title), time="0")
    if report.is_failure(finding):
        failure = ET.SubElement(case, "failure", type=finding.level, message=_message(finding))
        failure.text = _text(finding, finding.title)
    else:
        ET.SubElement(case, "system-out").text = _text(
            finding, f"{report.known_as(finding) or 'Advice'}: {finding.title}"
        )


def _count(suite: ET.Element) -> None:
    suite.set("tests", str(len(suite.findall(".//testcase"))))
    suite.set("failures", str(len(suite.findall(".//failure"))))
    suite.set("errors", str(len(suite.findall(".//error"))))
    suite.set("skipped", str(len(suite.findall(".//skipped"))))


def _message(found: Result | Finding) -> str:
    return printable(f"expected {found.expected}; actual: {found.actual}")


def _text(found: Result | Finding, sentence: str) -> str:
    lines = [sentence, f"expected: {found.expected}", f"actual: {found.actual}", found.detail, found.reproduce]
    return printable("\n".join(line for line in lines if line))


def _result(result: Result) -> dict[str, Any]:
    return _clause(result.clause) | {
        "outcome": result.outcome,
        "expected": result.expected or None,
        "actual": result.actual or None,
        "detail": result.detail or None,
        "reproduce": result.reproduce or None,
        "cause": result.cause or None,
        "seconds": round(result.seconds, 3),
    }


def _clause(clause: Clause) -> dict[str, Any]:
    names = ("id", "level", "title", "sentence", "source", "spec")
    return {name: getattr(clause, name) for name in names}


def _fuzzing(report: Report) -> dict[str, Any]:
    names = ("level", "title", "expected", "actual", "detail", "reproduce")
    findings = [
        {name: getattr(finding, name) or None for name in names} | {"title": finding.title}
        for finding in report.findings
    ]
    return {"examples": report.fuzz_examples, "requests": report.fuzz_requests, "findings": findings}


def _choice(choice: Choice) -> dict[str, Any]:
    return {"id": choice.id, "rule": choice.rule, "chosen": choice.chosen or None}


def _sent(sent: SentRequest) -> dict[str, Any]:
    return {
        "clause": sent.clause or None,
        "began_s": round(max(sent.began_s, 0.0), 3),
        "method": sent.method,
        "url": sent.url,
        "answer": sent.answer,
    }


def _baseline(report: Report) -> dict[str, Any]:
    known = [{"id": name, "reason": reason} for name, reason in report.known.items()]
    return {"known": known, "mended": report.mended}


def _json(document: Any) -> bytes:
    return f"{json.dumps(document, indent=2)}\n".encode("ascii")  # escapes hold whatever a server sent


def _write(path: Path, content: bytes, inputs: Sequence[Path] = ()) -> None:
    with destination(str(path), "--report-dir", inputs=inputs) as file:
        file.write(content)
