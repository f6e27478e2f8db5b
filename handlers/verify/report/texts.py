"""Texts of the reports, which the terminal and the page share."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from ..outcome import Finding, Report, Result, SentRequest

SECTIONS = {
    "BINDING": "The Binding",
    "FETCH": "Fetching",
    "LIST": "Lists",
    "PAGE": "Paging",
    "FILTER": "Filters",
    "TEXT": "Texts and encodings",
    "DELETE": "Deleting",
    "ERROR": "Errors",
    "AUTH": "Authentication",
    "TENANT": "Accounts",
    "HTTP": "HTTP",
    "RACE": "Many at once",
}
"""The sections of the clauses, in their order."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")


def printable(text: str) -> str:
    """Write control characters, halves of surrogate pairs and changes of direction in a text as escapes."""
    return _CONTROL.sub(lambda match: match[0].encode("unicode_escape", "surrogatepass").decode("ascii"), text)


def verdict(report: Report) -> str:
    """Say what came of a run, in a sentence."""
    if report.verdict == "incomplete":
        return f"The run did not come to its end. {report.stopped}"
    if report.verdict == "violations":
        return f"The target does not keep the contract: {pluralize(report.violations, 'violation')}."
    if report.known:
        return f"The target breaks nothing new of the contract: {pluralize(len(report.known), 'known violation')}."
    return "The target keeps the contract."


def pluralize(number: int, noun: str) -> str:
    """Write a number with its noun: `1 violation`, `2 violations`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def list_violations(report: Report) -> list[Result]:
    """List what was violated: what counts first."""
    failed = [result for result in report.results if result.outcome == "failed"]
    return sorted(failed, key=lambda result: _order(report, result))


def group_by_cause(report: Report) -> list[tuple[Result, list[Result]]]:
    """List what was violated, each with those that follow it and have the same cause."""
    groups: dict[tuple[str, str], list[Result]] = {}
    for number, result in enumerate(list_violations(report)):
        key = (kind(report, result), result.cause or f"{number}")
        groups.setdefault(key, []).append(result)
    return [(first, others) for first, *others in groups.values()]


def list_findings(report: Report) -> list[Finding]:
    """List what fuzzing found: what counts first."""
    return sorted(report.findings, key=lambda finding: _order(report, finding))


def _order(report: Report, found: Result | Finding) -> tuple[bool, bool]:
    return not report.is_failure(found), bool(report.known_as(found))


def sent_line(sent: SentRequest) -> str:
    """Give a request of the last ones as a line: when, for which clause, what, and what came of it."""
    return f"{sent.began_s:8.3f} s  {sent.clause or '-':10}  {sent.method} {sent.url}: {sent.answer}"


def fuzzing(report: Report) -> str:
    """Say what fuzzing sent; empty where it was not asked for."""
    if not report.fuzz_examples:
        return ""
    if not report.fuzz_requests:
        return "Fuzzing was asked for, and sent nothing."
    operations = ", ".join(f"{operation} {count}" for operation, count in report.fuzz_requests.items())
    requests = pluralize(sum(report.fuzz_requests.values()), "request")
    return (
        f"Fuzzing sent {requests} for {report.fuzz_examples} examples of "
        f"each operation ({operations}), and found {pluralize(len(report.findings), 'fault')}."
    )


def skipped(report: Report) -> dict[str, list[str]]:
    """Give the ids of the skipped clauses by the reason, where that is not the world."""
    return _ids_by(report, lambda result: "" if result.lacks else result.detail)


def lacking(report: Report) -> dict[str, list[str]]:
    """Give the ids of the skipped clauses by what the world has nothing of."""
    return _ids_by(report, lambda result: result.lacks)


def remedy(report: Report) -> str:
    """Say which world exercises the clauses that this one cannot."""
    count = pluralize(sum(map(len, lacking(report).values())), "clause")
    return (
        f"{count} cannot be checked with this world. `chat-bindings fixtures -o world.json` makes one that has all of "
        "it: load that into the target, and verify again."
    )


def _ids_by(report: Report, reason_of: Callable[[Result], str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for result in report.results:
        if result.outcome == "skipped" and (reason := reason_of(result)):
            found.setdefault(reason, []).append(result.clause.id)
    return found


def by_section(results: Iterable[Result]) -> dict[str, Sequence[Result]]:
    """Results by the names of their sections, in their order."""
    found: dict[str, list[Result]] = {}
    for result in results:
        found.setdefault(SECTIONS[result.clause.section], []).append(result)
    return {name: found[name] for name in SECTIONS.values() if name in found}


def count_by_section(report: Report) -> dict[str, Counter[str]]:
    """Count the outcomes of each section of clauses, and of fuzzing."""
    sections = {
        name: Counter(kind(report, result) for result in results)
        for name, results in by_section(report.results).items()
    }
    if report.fuzz_examples:
        sections["Fuzzing"] = Counter(kind(report, finding) for finding in report.findings)
        sections["Fuzzing"]["skipped"] += not report.fuzz_requests
    return sections


def kind(report: Report, found: Result | Finding) -> str:
    """Name what a result counts as: `passed`, `failed`, `known`, `advice` or `skipped`."""
    if isinstance(found, Result) and found.outcome != "failed":
        return found.outcome
    if report.known_as(found):
        return "known"
    return "failed" if report.is_failure(found) else "advice"
