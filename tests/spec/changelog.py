"""The change log, and the entry in it that is written from the changes of the contract."""

import re
from collections.abc import Iterable
from pathlib import Path

from .changes import Change

_HEADING = "### Contract"


class Changelog:
    """CHANGELOG.md, in the format of Keep a Changelog: `## VERSION - DATE`, or `## VERSION - unreleased`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def is_released(self, version: str) -> bool:
        """Tell whether the version's heading has a date."""
        return re.search(rf"^## {re.escape(version)} - [0-9]", self._text(), re.MULTILINE) is not None

    def missing(self, version: str, found: Iterable[Change]) -> list[str]:
        """Return the lines about changes that do not stand under the version."""
        section = _section(self._text(), version) or ""
        return [line for line in lines(found) if line not in section.splitlines()]

    def write(self, version: str, found: list[Change]) -> str:
        """Write the entry, in the place of an earlier one, and return what was done, in a sentence."""
        if not found:
            return f"nothing changed in meaning, so there is nothing to write under {version}"
        if self.is_released(version):
            raise PermissionError(f"{version} was released, and its entry stays as it was: raise info.version")
        text = self._text()
        old = _section(text, version)
        if old is None:
            old, text = "\n", re.sub(r"^(?=## )", f"## {version} - unreleased\n\n", text, count=1, flags=re.MULTILINE)
        entry = "\n".join([_HEADING, *lines(found)])
        kept = re.sub(rf"^{_HEADING}\n(?:- .*\n|  .*\n)*\n*", "", old, flags=re.MULTILINE).strip("\n")
        new = f"\n{entry}\n" + (f"\n{kept}\n" if kept else "")
        heading = f"## {version} - unreleased\n"
        following = "\n" if text.partition(heading + old)[2] else ""
        self._path.write_text(text.replace(heading + old, heading + new + following, 1), encoding="utf-8")
        return f"{len(lines(found))} changes stand in {self._path.name} under {version}"

    def _text(self) -> str:
        return self._path.read_text(encoding="utf-8")


def lines(found: Iterable[Change]) -> list[str]:
    """Return a line of the entry for each change."""
    return [f"- {'**Breaking:** ' if change.breaking else ''}`{change.where}`: {change.text}." for change in found]


def _section(text: str, version: str) -> str | None:
    """Return the text under the version's heading, up to the next version's; None without a heading."""
    match = re.search(rf"^## {re.escape(version)} - .*\n((?:(?!## ).*\n)*)", text, re.MULTILINE)
    return match[1] if match else None
