"""The clauses as the site shows them: with the place in the spec that each is about, in its words, and an example."""

from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import yaml

from ...spec import CONTRACT, directory
from ...verify.clause import Clause
from ...verify.report.texts import SECTIONS
from ...verify.suite import clauses
from .reference import Place, place_of

_LONGEST = 24
"""How many lines of the spec are shown; the reference has the rest."""


class Shown(NamedTuple):
    """A clause, where the reference explains what it is about, and what the spec says there."""

    clause: Clause
    place: Place
    excerpt: str


def by_section() -> dict[str, list[Shown]]:
    """All clauses by the names of their sections."""
    found: dict[str, list[Shown]] = {name: [] for name in SECTIONS.values()}
    for each in clauses():
        found[SECTIONS[each.section]].append(Shown(each, place_of(each.spec), excerpt(each.spec)))
    return {name: shown for name, shown in found.items() if shown}


def about(pointers: set[str]) -> Iterator[Clause]:
    """The clauses that are about one of some parts of the contract, or about a part of it."""
    for each in clauses():
        if any(each.spec == pointer or each.spec.startswith(f"{pointer}/") for pointer in pointers):
            yield each


@cache
def excerpt(pointer: str) -> str:
    """The lines of the contract that a JSON pointer leads to, as they stand in the file."""
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
    """The first line of what a pointer leads to, and the first line after it, counted from 0."""
    node, first = _composed(), 0
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        key, node = next((key, value) for key, value in node.value if key.value == name)
        first = key.start_mark.line
    is_block = not getattr(node, "flow_style", False) and node.start_mark.line != node.end_mark.line
    return first, node.end_mark.line + (0 if is_block else 1)


@cache
def _composed() -> Any:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.compose((directory() / CONTRACT).read_text(encoding="utf-8"), loader)
