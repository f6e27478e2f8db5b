"""The baseline: violations that are known, from an earlier report.json or a list of clauses with reasons."""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_LINE = re.compile(r"(?P<id>\S+)\s+(?P<reason>\S.*)")


class BadBaseline(Exception):
    """A baseline cannot be read; the message says where and why."""


@dataclass(frozen=True)
class Baseline:
    """Violations that do not count, since they are known."""

    reasons: Mapping[str, str]
    """Ids of clauses, and titles of what fuzzing found, each with the reason or where it is from."""

    @classmethod
    def read(cls, path: Path, ids: Collection[str]) -> "Baseline":
        """Read a report.json, or lines like `PAGE-05 our lists have no order`, where `#` begins a comment.

        `ids` are those of all clauses. Raises `BadBaseline`.
        """
        try:
            text = path.read_text(encoding="utf-8")
        except ValueError as error:
            raise BadBaseline(f"it is no text in UTF-8: {error}") from None
        if text.lstrip().startswith("{"):
            return cls(_of_report(text))
        return cls(_of_lines(text, ids))


def _of_report(text: str) -> dict[str, str]:
    try:
        report: Any = json.loads(text)
        from_report = f"known from the report of {report['started_at']}"
        known = [clause["id"] for clause in report["clauses"] if clause["outcome"] == "failed"]
        known += [finding["title"] for finding in (report["fuzzing"] or {"findings": []})["findings"]]
        reasons = {each["id"]: each["reason"] for each in (report.get("baseline") or {"known": []})["known"]}
    except (ValueError, KeyError, TypeError, RecursionError):
        raise BadBaseline("it begins with a brace, but is no report.json of verify") from None
    return {str(name): str(reasons.get(name, from_report)) for name in known}


def _of_lines(text: str, ids: Collection[str]) -> dict[str, str]:
    reasons: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()  # noqa: PLW2901 - the same line
        if not line or line.startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        if line.split()[0] not in ids:
            raise BadBaseline(f"line {number}: {line.split()[0][:40]} is the id of no clause")
        if match is None:
            raise BadBaseline(f"line {number}: {line[:40]} has no reason after it")
        reasons[match["id"]] = match["reason"]
    return reasons
