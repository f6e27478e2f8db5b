"""The gate between a changed contract and its version: `python -m tests.spec.gate`.

Compares `openapi/bindings.yaml` with the last released spec, the highest version in `openapi/released/`. A breaking
change needs a new major version, a compatible one a new minor version, other words a new patch version; and every
change in meaning must stand in CHANGELOG.md. Ends with 1 where that does not hold.

    --changelog   writes the changes into CHANGELOG.md, under the heading of the version that is not released yet
    --release     makes the contract the released spec of its version, unless that version was released before
"""

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from packaging.version import Version

from ..support.specs import read
from .changelog import Changelog
from .changes import ROOT, Change, OasdiffMissing, changes

_KINDS = ("major", "minor", "patch")


class Gate:
    """A contract, the specs that were released before it, and the change log."""

    def __init__(self, folder: Path, *, releasing: bool = False) -> None:
        """Take a repository. Releasing a version compares it with the ones released before it."""
        self.spec = folder / "openapi" / "bindings.yaml"
        self.released = folder / "openapi" / "released"
        self.changelog = Changelog(folder / "CHANGELOG.md")
        self.version = Version(read(self.spec)["info"]["version"])
        versions = {Version(path.stem) for path in self.released.glob("*.yaml")}
        before = {version for version in versions if not releasing or version < self.version}
        self.last = max(before, default=None)

    @property
    def base(self) -> Path:
        """The last released spec."""
        if self.last is None:
            raise FileNotFoundError(f"{self.released} holds no released spec: make release-spec")
        return self.released / f"{self.last}.yaml"

    def changes(self) -> list[Change]:
        """Return the changes in meaning since then; without oasdiff where nothing changed at all."""
        return [] if self._same() else changes(self.base, self.spec)

    def faults(self) -> list[str]:
        """Return the violations, in sentences."""
        if self._same() and self.version == self.last:
            return []
        found = self.changes()
        needed = _needed(found)
        if _bump(self.last, self.version) > _KINDS.index(needed):
            return [self._told(needed, found)]
        missing = self.changelog.missing(str(self.version), found)
        return [f"CHANGELOG.md does not tell under {self.version}: {line}" for line in missing] + (
            ["make changelog writes it"] if missing else []
        )

    def release(self) -> Path:
        """Make the contract the released spec of its version, and return the file."""
        faults = self.faults() if self.last else []
        if faults:
            raise PermissionError("\n".join(faults))
        if self.changelog.is_released(str(self.version)):
            raise PermissionError(f"{self.version} was released, and stays as it was: raise info.version")
        path = self.released / f"{self.version}.yaml"
        path.write_bytes(self.spec.read_bytes())
        return path

    def _same(self) -> bool:
        """Tell whether the two are one document, versions aside."""
        documents = [read(path) for path in (self.base, self.spec)]
        for document in documents:
            del document["info"]["version"]
        return documents[0] == documents[1]

    def _told(self, needed: str, found: list[Change]) -> str:
        what = [f"  {change.where}: {change.text}" for change in found if change.breaking or needed == "minor"]
        kind = {"major": "breaking change", "minor": "compatible change", "patch": "change of words"}[needed]
        advice = f"{self.version} after {self.last} is not enough for a {kind}: it needs a new {needed} version"
        if self.version == self.last and not self.changelog.is_released(str(self.version)):
            advice += f", or, since {self.version} is not released yet, `make release-spec`"
        return "\n".join([advice, *what])


def _needed(found: Iterable[Change]) -> str:
    kinds = {change.breaking for change in found}
    return "major" if True in kinds else "minor" if kinds else "patch"


def _bump(last: Version | None, version: Version) -> int:
    """Return the index of the kind of version that is new; past all of them when none is."""
    if last is None or version <= last:
        return len(_KINDS)
    pairs = zip(last.release, version.release, strict=True)
    return next(index for index, (old, new) in enumerate(pairs) if old != new)


def main(arguments: Sequence[str] | None = None, folder: Path = ROOT) -> int:
    """Check the contract against its version: 0 when it holds, 1 when not, or when oasdiff is needed and missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--changelog", action="store_true")
    parser.add_argument("--release", action="store_true")
    options = parser.parse_args(arguments)
    try:
        gate = Gate(folder, releasing=options.release)
        if options.release:
            return _say(f"{gate.release().name} is the released spec that the next ones are compared with")
        if options.changelog:
            return _say(gate.changelog.write(str(gate.version), gate.changes()))
        faults = gate.faults()
    except (OasdiffMissing, FileNotFoundError, PermissionError) as error:
        return _say(str(error), code=1)
    return _say(*faults, code=1) if faults else _say(f"{gate.version} holds to {gate.last}, the last released spec")


def _say(*lines: str, code: int = 0) -> int:
    """Print it, as an error if it is one, and return the exit code."""
    (sys.stderr if code else sys.stdout).write("".join(f"{line}\n" for line in lines))
    return code


if __name__ == "__main__":
    sys.exit(main())
