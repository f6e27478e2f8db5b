"""Dredd, without any hook: it sends one request for each response of the spec, with the examples that stand there.

A request made of the spec's examples gets one answer, so all responses but one of each operation would fail anywhere.
Therefore it is given several copies of the spec, each with the examples that provoke what the copy has kept, and runs
twice, since the credentials are one header for all copies. This is more than most users will do for it.
"""

import base64
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from .specification import localized, only
from .tool import MODULES, Ended, Site, Trial, finish, not_ended, unique

Json = dict[str, Any]

_ENDS_WITHIN_S = 240
_TRANSACTION = re.compile(
    r'<testcase name="([^"]*)"[^>]*><(failure|error)[^>]*>(?:<!\[CDATA\[)?(.*?)\n\n?Request:', re.DOTALL
)
_VARIABLE = re.compile(r"(AC|BS|CR|IS|SK)[0-9a-fA-F]{32}|\?\S*")


@dataclass(frozen=True)
class Case:
    """A copy of the spec: which status of an operation its examples provoke."""

    name: str
    statuses: frozenset[str]
    examples: tuple[tuple[str, Any], ...] = ()
    """Of parameters; None takes the parameter's example away, so that it is not sent."""
    is_authentic: bool = True
    operations: tuple[str, ...] = ("listBindings", "fetchBinding", "deleteBinding")


CASES = (
    Case("unauthorized", frozenset({"401"}), is_authentic=False),
    Case(
        "absent Binding",
        frozenset({"404"}),
        (("Sid", "BS" + 32 * "0"),),
        operations=("fetchBinding", "deleteBinding"),
    ),
    Case("absent service", frozenset({"404"}), (("ServiceSid", "IS" + 32 * "0"),)),
    Case("PageSize of 0", frozenset({"400"}), (("PageSize", 0),), operations=("listBindings",)),
    Case("unfiltered", frozenset({"200"}), (("BindingType", None), ("Identity", None)), operations=("listBindings",)),
    Case("as written", frozenset({"200", "204"})),
)
"""What deletes comes last."""


class Dredd:
    """`dredd`."""

    name = "Dredd"
    settings = f"no hooks, {len(CASES)} copies of the spec"
    is_random = False

    def version(self) -> str:
        return str(json.loads((MODULES / "dredd" / "package.json").read_text())["version"])

    def missing(self) -> str | None:
        return None if (MODULES / ".bin" / "dredd").exists() else "npm install --prefix tests/servers/tools"

    def run(self, site: Site) -> Trial:
        """Run it: a finding is an operation with the expected status, and a line of what it says is wrong."""
        findings: list[str] = []
        notes: tuple[str, ...] = ()
        for is_authentic in (False, True):
            ended, report = _run([case for case in CASES if case.is_authentic is is_authentic], site)
            findings += _findings(report)
            if ended.returncode is None:
                notes += not_ended(self.name, _ENDS_WITHIN_S)
            elif not report:
                notes += (ended.output[-500:],)
        return Trial(unique(findings), notes)


def _run(cases: Sequence[Case], site: Site) -> tuple[Ended, str]:
    """Run it once, with a copy of the spec for each case."""
    copies = [site.folder / f"{case.name.replace(' ', '-')}.yaml" for case in cases]
    for case, copy in zip(cases, copies, strict=True):
        copy.write_text(yaml.safe_dump(_copy(case, site), sort_keys=False), encoding="utf-8")
    user, password = site.world.auth if cases[0].is_authentic else (site.world.a["sid"], 32 * "0")
    credentials = base64.b64encode(f"{user}:{password}".encode()).decode()
    report = site.folder / f"{copies[0].stem}.xml"
    command = [
        MODULES / ".bin" / "dredd", copies[0], site.url, *(f"--path={copy}" for copy in copies[1:]),
        "--header", f"Authorization: Basic {credentials}", "--header", "Origin: https://example.com",
        "--reporter", "xunit", "--output", report,
    ]  # fmt: skip
    ended = finish(command, _ENDS_WITHIN_S, site.folder)
    return ended, report.read_text(encoding="utf-8", errors="replace") if report.exists() else ""


def _copy(case: Case, site: Site) -> Json:
    document = only(
        localized(site.world), lambda operation, status: operation in case.operations and status in case.statuses
    )
    for name, example in case.examples:
        parameter = document["components"]["parameters"][f"{name}Parameter"]
        parameter.pop("example", None)
        if example is not None:
            parameter["example"] = example
    return document


def _findings(report: str) -> Iterator[str]:
    for name, kind, said in _TRANSACTION.findall(report):
        for line in said.removeprefix("Message:").strip().splitlines():
            yield f"{_VARIABLE.sub('', name)} {kind}: {_VARIABLE.sub('', line)}"
