"""`chat-bindings verify --strict`."""

import json
from importlib.metadata import version
from pathlib import Path

from .tool import Ended, Site, Trial, finish, not_ended, python, unique

_ENDS_WITHIN_S = 240
_CONFORMANT, _VIOLATIONS = 0, 1


def verified(site: Site, url: str, folder: Path) -> Ended:
    """Run `verify` against a URL; its reports are in the folder afterwards."""
    command = python(
        "chat_bindings", "verify", url, "--fixtures", site.world_file, "--strict", "--report-dir", folder
    )  # fmt: skip
    return finish(command, _ENDS_WITHIN_S, site.folder)


class Verify:
    """`chat-bindings verify`."""

    name = "chat-bindings verify"
    settings = "--strict"
    is_random = False

    def version(self) -> str:
        return version("chat-bindings")

    def missing(self) -> str | None:
        ended = finish(python("chat_bindings", "verify", "--help"), 30, Path.cwd())
        return None if ended.returncode == 0 else "there is no `chat-bindings verify`"

    def run(self, site: Site) -> Trial:
        """Run it: a finding is a violated clause, and only counts when the exit code is 1."""
        ended = verified(site, site.url, site.folder)
        report = site.folder / "report.json"
        if ended.returncode is None:
            return Trial(frozenset(), not_ended("verify", _ENDS_WITHIN_S))
        if ended.returncode not in (_CONFORMANT, _VIOLATIONS) or not report.exists():
            return Trial(frozenset(), (f"verify ended with {ended.returncode}: {ended.output[-500:]}",))
        clauses = json.loads(report.read_text(encoding="utf-8"))["clauses"]
        failed = unique(clause["id"] for clause in clauses if clause["outcome"] == "failed")
        if bool(failed) != (ended.returncode == _VIOLATIONS):
            return Trial(frozenset(), (f"verify ended with {ended.returncode}, but reports {sorted(failed)}",))
        return Trial(failed)
