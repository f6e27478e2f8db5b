"""Verify a server of the catalogue in this process, as the command does."""

import json
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chat_bindings.verify.outcome import Report
from chat_bindings.verify.run import Run
from chat_bindings.verify.world import World

from ..servers.catalogue import by_name, name_of, sentence_of, wrong
from ..servers.http import serving
from ..servers.stacks import STACKS, defects_on, serving_on


@dataclass(frozen=True)
class Wrong:
    """A server with one defect."""

    name: str
    language: str
    """Python, or a stack."""
    clause: str
    """The clause that is meant to catch it."""
    defect: str

    def serving(self, world_file: Path) -> AbstractContextManager[str]:
        """Serve it, and yield the base URL."""
        if self.language in STACKS:
            return serving_on(self.language, world_file, self.name)
        return serving(by_name(self.name)(json.loads(world_file.read_text(encoding="utf-8"))))


def python_servers() -> list[Wrong]:
    """List the wrong servers in Python."""
    return [Wrong(name_of(each), "Python", each.clause, sentence_of(each)) for each in wrong()]


def servers_on(stack: str) -> list[Wrong]:
    """List the wrong servers on a stack. Needs its tools."""
    return [Wrong(language=stack, **each) for each in defects_on(stack)]


def verified(url: str, world_file: Path, only: Sequence[str] = (), **options: Any) -> Report:
    """Return the report of a strict run."""
    return Run(url, World.read(world_file), strict=True, only=tuple(only), **options).go()


def describe(report: Report) -> list[str]:
    """Describe each clause that did not pass, for the message of a failing test."""
    return [
        f"{each.clause.id} {each.outcome}: expected {each.expected}; {each.actual} {each.detail}"
        for each in report.results
        if each.outcome != "passed"
    ]
