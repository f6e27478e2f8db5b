"""Output for GitHub Actions: an annotation for each violation, and a table in the step's summary."""

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from ..outcome import Finding, Report, Result
from .texts import count_by_section, fuzzing, kind, lacking, list_findings, list_violations, printable, remedy, verdict

_KINDS = ("passed", "failed", "known", "advice", "skipped")
_LEVELS = {"failed": "error", "advice": "warning", "known": "notice"}
_MARKUP = re.compile(r"[^\w .,:;/?=-]", re.ASCII)
_MOST = 2000
"""Characters of a text in an annotation, or in a cell."""


def is_used() -> bool:
    """Tell whether this process runs in GitHub Actions."""
    return os.environ.get("GITHUB_ACTIONS") == "true"


@contextmanager
def without_commands() -> Iterator[None]:
    """Print in the context what may hold a target's texts: the runner takes no line of it for a command."""
    if not is_used():
        yield
        return
    token = secrets.token_hex(16)
    click.echo(f"::stop-commands::{token}")
    try:
        yield
    finally:
        click.echo(f"::{token}::")


def annotate(report: Report) -> None:
    """Print an annotation for each violation, and append a table to the step's summary."""
    for found in _found(report):
        name = _title(found)
        text = f"expected {found.expected}; actual: {found.actual}"
        click.echo(f"::{_LEVELS[kind(report, found)]} title={_property(name)}::{_data(text)}")
    if path := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(summary(report))


def summary(report: Report) -> str:
    """Give the run as Markdown: the verdict, a table of the sections, and one of what was violated."""
    lines = [f"### {_cell(verdict(report))}", "", f"Target: {_cell(report.target)}", ""]
    lines += ["| Section | " + " | ".join(_KINDS) + " |", "| --- |" + " ---: |" * len(_KINDS)]
    for section, counts in count_by_section(report).items():
        lines.append(f"| {section} | " + " | ".join(str(counts[name] or "") for name in _KINDS) + " |")
    found = _found(report)
    if found:
        lines += ["", "| Violated | as | expected | actual |", "| --- | --- | --- | --- |"]
        for each in found:
            cells = (_title(each), kind(report, each), each.expected, each.actual)
            lines.append("| " + " | ".join(map(_cell, cells)) + " |")
    lines_beside = [fuzzing(report), remedy(report) if lacking(report) else "", *report.notes]
    for line in (*lines_beside, f"Mended: {', '.join(report.mended)}." if report.mended else ""):
        if line:
            lines += ["", _cell(line)]
    return "\n".join([*lines, "", ""])


def _found(report: Report) -> list[Result | Finding]:
    found: list[Result | Finding] = list(list_violations(report))
    return found + list_findings(report)


def _title(found: Result | Finding) -> str:
    return f"{found.clause.id} {found.clause.title}" if isinstance(found, Result) else found.title


def _data(text: str) -> str:
    return printable(text[:_MOST]).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _cell(text: str) -> str:
    """Give a text for a cell of Markdown, in which no character means anything."""
    one_line = " ".join(printable(text[:_MOST]).split())
    return _MARKUP.sub(lambda match: f"&#{ord(match[0])};", one_line)
