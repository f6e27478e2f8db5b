"""The clauses, each with its place in the spec, an excerpt and an example."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import yaml

from ...spec import CONTRACT, directory, document
from ...verify.clause import Clause
from ...verify.report.texts import SECTIONS
from ...verify.suite import clauses
from .reference import Place, place_of

_LONGEST = 24
"""Lines of an excerpt at most; the reference has the rest."""


class ClauseEntry(NamedTuple):
    """A clause, its place in the reference, and an excerpt of the spec."""

    clause: Clause
    place: Place
    excerpt: str
    rule: str
    """The rule of the contract that it holds, where that stands in words of its own; else empty."""


def by_section() -> dict[str, list[ClauseEntry]]:
    """Return all clauses by the names of their sections."""
    found: dict[str, list[ClauseEntry]] = {name: [] for name in SECTIONS.values()}
    for each in clauses():
        entry = ClauseEntry(each, place_of(each.spec), excerpt(each.spec), rules().get(each.rule, ""))
        found[SECTIONS[each.section]].append(entry)
    return {name: entries for name, entries in found.items() if entries}


def about(pointers: set[str]) -> Iterator[Clause]:
    """Yield the clauses whose place in the contract is at or below one of the pointers."""
    for each in clauses():
        if any(each.spec == pointer or each.spec.startswith(f"{pointer}/") for pointer in pointers):
            yield each


@cache
def rules() -> dict[str, str]:
    """Return the rules of the contract that stand in a list, each by the bold words that it begins with."""
    found = re.findall(r"^- (\*\*(.+?)\*\*.*(?:\n  .*)*)", document(CONTRACT)["info"]["description"], re.MULTILINE)
    return {name: " ".join(text.replace("**", "").split()) for text, name in found}


@cache
def excerpt(pointer: str) -> str:
    """Cut the lines at a JSON pointer out of the contract's file."""
    text = (directory() / CONTRACT).read_text(encoding="utf-8").splitlines()
    first, end = _lines(pointer)
    while not text[end - 1].strip() or text[end - 1].lstrip().startswith("#"):
        end -= 1
    shown = text[first : min(end, first + _LONGEST)]
    if end > first + _LONGEST:
        shown.append("...")
    indent = len(text[first]) - len(text[first].lstrip())
    return "\n".join(line[indent:] if line.startswith(" " * indent) else line for line in shown)


def _lines(pointer: str) -> tuple[int, int]:
    """Find the first line at a pointer and the first line after it, from 0."""
    node, first = _compose(), 0
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        key, node = next((key, value) for key, value in node.value if key.value == name)
        first = key.start_mark.line
    is_block = not getattr(node, "flow_style", False) and node.start_mark.line != node.end_mark.line
    return first, node.end_mark.line + (0 if is_block else 1)


@cache
def _compose() -> Any:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.compose((directory() / CONTRACT).read_text(encoding="utf-8"), loader)
