"""Changes in meaning from one spec to another, by oasdiff."""

import json
import subprocess
from pathlib import Path
from typing import NamedTuple

from ..support.tools import missing, path_of

ROOT = Path(__file__).parents[2]

_BREAKING = 2
"""oasdiff's level of warnings, which are changes that may break a client; errors are above it."""

_OURS = "api-version-"
"""The beginning of the ids of oasdiff's findings on the version: that is the gate's own business."""


class Change(NamedTuple):
    """A change in meaning."""

    where: str
    """An operation, such as `GET /v2/...`, or a part of the document."""
    text: str
    breaking: bool


class OasdiffMissing(Exception):
    """The error where oasdiff is not installed."""


def changes(base: Path, revision: Path) -> list[Change]:
    """List all changes in meaning, the breaking ones first."""
    oasdiff = path_of("oasdiff")
    if oasdiff is None:
        raise OasdiffMissing(missing("oasdiff"))
    finished = subprocess.run(
        [oasdiff, "changelog", "--format", "json", base, revision], capture_output=True, text=True, check=False
    )
    if finished.returncode != 0:
        raise RuntimeError(f"oasdiff could not compare {base.name} with {revision.name}: {finished.stderr.strip()}")
    found = [
        Change(f"{each['operation']} {each['path']}" if "path" in each else each["section"], each["text"],
               each["level"] >= _BREAKING)
        for each in json.loads(finished.stdout) or []
        if not each["id"].startswith(_OURS)
    ]  # fmt: skip
    return sorted(found, key=lambda change: not change.breaking)
