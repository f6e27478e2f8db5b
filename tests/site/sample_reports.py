"""Reports of runs to render: of every verdict, and with texts that a hostile server may send."""

from datetime import UTC, datetime

from chat_bindings.verify.clause import Clause
from chat_bindings.verify.outcome import Finding, Outcome, Report, Result
from chat_bindings.verify.suite import clauses

HOSTILE = {
    "markup of HTML": '<script>alert(1)</script><img src=https://example.invalid/x onerror="alert(2)">',
    "the end of CDATA": "]]><failure/>&amp;&#0;",
    "NUL": "before\x00after",
    "half of a surrogate pair": "before\ud800after",
    "no characters of XML": "\x01\x08\x0b\x0c\x1f\ufffe\uffff",
    "escapes of a terminal": "\x1b[31mred\x1b]0;title\x07\x9b2J\rback",
    "changes of direction": "\u202eevil\u2066",
    "markup of rich": "[bold red]loud[/] [/nothing] [link=https://example.invalid]here[/link]",
    "templates": "{{ 7 * 7 }}{% raw %}",
    "one long word": "x" * 20_000,
}
"""Text that a server may send to harm readers of the report."""

CURL = """curl -si --path-as-is --globoff -u AC0:"$AUTH_TOKEN" 'http://t.example/v2/Services/IS0/Bindings?Identity=a%2Cb'"""

STARTED = datetime(2026, 11, 24, 3, 4, 5, 678901, tzinfo=UTC)


def first(level: str) -> Clause:
    """Return a clause of a level."""
    return next(each for each in clauses() if each.level == level)


def failed(clause: Clause, text: str = "status 500", reproduce: str = CURL) -> Result:
    """Make a violation that has a text."""
    return Result(clause, "failed", "status 200", text, f"It was sent twice: {text}", reproduce, 0.25)


def finding(level: str = "must", text: str = "status 500") -> Finding:
    """Make a finding of fuzzing."""
    return Finding(level, f"A fault: {text}", "status 200", text, "", CURL)


def report(*results: Result, **options: object) -> Report:
    """Make a report of a target."""
    facts = {"duration_s": 12.3456, "requests": 321, "variables": {"AUTH_TOKEN": "the auth token of account A"}}
    return Report("https://chat.example.com/prefix", STARTED, results=list(results), **(facts | options))


def whole(outcome: Outcome = "passed", **options: object) -> Report:
    """Make a report of all clauses with one outcome."""
    reason = "the run only reads" if outcome == "skipped" else ""
    return report(*(Result(each, outcome, detail=reason, seconds=0.01) for each in clauses()), **options)


def mixed(**options: object) -> Report:
    """Make a long report with something of everything, hostile texts among it."""
    texts = iter(HOSTILE.values())
    results = []
    for number, each in enumerate(clauses()):
        if number % 9 == 4:
            results.append(failed(each, next(texts, "status 500"), f"{CURL}\n{CURL}{'%20' * 400}"))
        elif number % 9 == 7:
            results.append(Result(each, "skipped", detail="the world has no user with 2 Bindings"))
        else:
            results.append(Result(each, "passed", seconds=0.01))
    sids = [f"BS{number:032x}" for number in range(60)]
    found = [finding("must"), *(finding("should", text) for text in HOSTILE.values())]
    facts = {"deletable": sids, "deleted": sids[:40], "fuzz_examples": 20, "findings": found}
    return report(*results, **(facts | options))
