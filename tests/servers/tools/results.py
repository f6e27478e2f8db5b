"""What the tools reported, kept in a file, so that a run goes on where another was interrupted."""

import json
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from .subject import Subject
from .tool import Tool, Trial

Json = dict[str, Any]


class Results:
    """The file. May be used by several threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._document: Json = {"tools": {}, "right": {}, "wrong": {}, "clauses": {}}
        if path.exists():
            self._document = json.loads(path.read_text(encoding="utf-8"))
        path.parent.mkdir(parents=True, exist_ok=True)

    def begin(self, tools: Iterable[Tool]) -> None:
        """Forget what other versions of these tools, or the same with other settings, have reported."""
        for tool in tools:
            now = {"version": tool.version(), "settings": tool.settings}
            if self._document["tools"].get(tool.name) != now:
                for kind in ("right", "wrong"):
                    self._document[kind].pop(tool.name, None)
            self._document["tools"][tool.name] = now

    def has(self, tool: Tool, subject: Subject, seed: int) -> bool:
        """Whether a tool has been run against a server."""
        return _key(subject, seed) in self._document[_kind(subject)].get(tool.name, {})

    def add(self, tool: Tool, subject: Subject, seed: int, trial: Trial, seconds: float) -> None:
        """Keep what a tool reported, and write all to the file."""
        entry = {"findings": sorted(trial.findings), "notes": list(trial.notes), "seconds": round(seconds, 1)}
        with self._lock:
            self._document[_kind(subject)].setdefault(tool.name, {})[_key(subject, seed)] = entry
            if subject.clause:
                self._document["clauses"][subject.name] = subject.clause
            written = self._path.with_suffix(".writing")
            written.write_text(json.dumps(self._document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
            written.replace(self._path)

    def said_of_right(self, tool: Tool) -> set[str]:
        """What a tool reports of servers that are right: it does not count."""
        entries = self._document["right"].get(tool.name, {}).values()
        return {finding for entry in entries for finding in entry["findings"]}

    def found(self, tool: Tool, subject: Subject) -> set[str] | None:
        """What a tool reports of a wrong server alone; None when it has not been run against it."""
        entry = self._document["wrong"].get(tool.name, {}).get(subject.name)
        return None if entry is None else set(entry["findings"]) - self.said_of_right(tool)

    def seconds(self, tool: Tool) -> list[float]:
        """How long a tool took for each wrong server, its start and the server's included."""
        return [entry["seconds"] for entry in self._document["wrong"].get(tool.name, {}).values()]

    def notes(self, tool: Tool) -> list[str]:
        """What went otherwise than a user would want, by server."""
        return [
            f"{name}: {note}"
            for kind in ("right", "wrong")
            for name, entry in self._document[kind].get(tool.name, {}).items()
            for note in entry["notes"]
        ]


def _kind(subject: Subject) -> str:
    return "wrong" if subject.clause else "right"


def _key(subject: Subject, seed: int) -> str:
    return subject.name if subject.clause else f"{subject.name} #{seed}"
