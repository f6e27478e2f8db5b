"""The trace of a run of Schemathesis, from its reports, and its shortfalls."""

import json
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from schemathesis.checks import CHECKS

from ..support.answers import ALL, Operation, operations

Json = dict[str, Any]

HERE = Path(__file__).parent
EXCEPTIONS: dict[str, dict[str, str]] = tomllib.loads((HERE / "exceptions.toml").read_text(encoding="utf-8"))
"""Gaps that a run may have, with the reason."""

_OFTEN = 10
"""The most examples for one success of each operation."""


class Trace:
    """Counts of one run, in all its rounds."""

    def __init__(self) -> None:
        self.answers: Counter[tuple[str, str]] = Counter()
        """Responses by operation id and status; 405, which is of no method, under each operation of the path."""
        self.parameters: Counter[tuple[str, str]] = Counter()
        """Requests by operation id and `location name` of a parameter that they had."""
        self.one_sided: set[str] = set()
        """Keywords of parameters and bodies that no request broke, or that none kept."""
        self.fuzzed: Counter[str] = Counter()
        """Test cases of the fuzzing phase, by operation id."""
        self.scenarios = 0
        """Scenarios of the stateful phase that were finished."""
        self.checks: Counter[str] = Counter()
        """Checks that passed, by name."""
        self.peers = 0
        """Requests of one account for another's resources."""
        self.rounds = 0

    def read(self, ndjson: Path, coverage: Path) -> None:
        """Add the events and the coverage of a round."""
        with ndjson.open(encoding="utf-8") as events:
            for line in events:
                ((kind, event),) = json.loads(line).items()
                if kind == "ScenarioFinished":
                    self._read_scenario(event)
        report = json.loads(coverage.read_text(encoding="utf-8"))
        self.rounds += 1
        for covered in report["operations"]:
            self._read_coverage(covered)

    def _read_scenario(self, event: Json) -> None:
        recorder = event["recorder"]
        self.scenarios += event["phase"] == "stateful" and event["status"] == "success"
        for checks in recorder.get("checks", {}).values():
            self.checks.update(check["name"] for check in checks if check["status"] == "success")
        for number, case in recorder.get("cases", {}).items():
            value = case["value"]
            self.peers += value.get("auth_identity") == "foreign"
            response = recorder["interactions"].get(number, {}).get("response")
            for operation in _of_path(value["path"]):
                if operation.method == value["method"]:
                    self.fuzzed[operation.operation_id] += event["phase"] == "fuzzing" and value.get("meta") is not None
                elif response and response["status_code"] == 405:
                    self.answers[operation.operation_id, "405"] += 1

    def _read_coverage(self, covered: Json) -> None:
        operation_id = covered["operation_id"]
        for response in covered["responses"]:
            self.answers[operation_id, response["status"]] += response["hits"]
        for parameter in covered.get("parameters", []):
            name = f"{parameter['location']} {parameter.get('name') or parameter['media_type']}"
            self.parameters[operation_id, name] += parameter["hits"]
            for keyword in parameter.get("keywords", []) if self.rounds == 1 else []:  # only it has all phases
                if keyword["state"] != "full":
                    self.one_sided.add(f"{operation_id} {name} {keyword['schema_path']}")


def shortfalls(trace: Trace, asked: dict[str, Operation], examples: int) -> Iterator[str]:
    """Yield the shortfalls of a run, in sentences: Schemathesis itself does not report them."""
    for check in sorted({*CHECKS.get_all_names(), "max_response_time"} - {"all"} - set(trace.checks)):
        yield f"the check {check} never ran"
    if any(operation.method == "GET" for operation in asked.values()) and not trace.peers:
        yield "nothing was asked for as another account"
    for phase in short_phases(trace, asked, examples):
        yield f"the {phase} phase ended early"
    for operation_id, operation in asked.items():
        for status in operation.spec["responses"]:
            yield from _rare(trace, operation_id, status, examples)
    for (operation_id, parameter), hits in trace.parameters.items():
        if not hits:
            yield f"{operation_id}: {parameter} was never sent"
    for keyword in sorted(trace.one_sided - set(EXCEPTIONS["one_sided"])):
        yield f"{keyword} was never broken, or never kept"


def short_phases(trace: Trace, asked: Iterable[str], examples: int) -> list[str]:
    """Return the phases that ended with fewer examples of an operation, or scenarios, than configured."""
    short = []
    if any(trace.fuzzed[operation_id] < examples for operation_id in asked):
        short.append("fuzzing")
    if trace.scenarios < examples:
        short.append("stateful")
    return short


def _rare(trace: Trace, operation_id: str, status: str, examples: int) -> Iterator[str]:
    hits = trace.answers[operation_id, status]
    if status in EXCEPTIONS["unreached"]:
        return
    if not hits or (status.startswith("2") and hits * _OFTEN < examples):
        yield f"{operation_id}: {status} was answered {hits} times"


def table(trace: Trace, asked: dict[str, Operation]) -> Iterator[str]:
    """Yield the trace, for people."""
    for operation_id, operation in asked.items():
        yield f"  {operation_id}: {trace.fuzzed[operation_id]} examples"
        counts = {status: trace.answers[operation_id, status] or "none" for status in operation.spec["responses"]}
        yield "    answers: " + ", ".join(f"{status} {count}" for status, count in counts.items())
        yield "    parameters: " + ", ".join(
            f"{name} {hits}" for (of, name), hits in trace.parameters.items() if of == operation_id
        )
    yield f"  scenarios: {trace.scenarios}; requests as another account: {trace.peers}"
    yield "  checks passed: " + ", ".join(f"{name} {count}" for name, count in sorted(trace.checks.items()))


def _of_path(path: str) -> Iterator[Operation]:
    # a spec that is mounted somewhere writes its paths without that
    return (operation for operation in operations(*ALL).values() if operation.template.endswith(path))
