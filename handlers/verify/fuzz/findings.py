"""Findings: the failures that Schemathesis reported."""

import base64
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from http import HTTPStatus
from pathlib import Path
from typing import Any

from ..clause import Level
from ..credentials import Credentials
from ..outcome import Finding
from ..response import Answer, Request
from ..run import Run
from ..target import no_answer

Json = dict[str, Any]
Key = tuple[str, str, int]
"""A check, an operation and a status: the key of one finding."""

_NO_ANSWER = "network"

_EXPECTED = {
    "not_a_server_error": "no server error, whatever is sent",
    "content_type_conformance": "a Content-Type that the spec gives for this status",
    "response_schema_conformance": "a body that keeps the spec's schema for this status",
    "status_code_conformance": "a status that the spec has for this operation",
    "response_headers_conformance": "the headers that the spec gives for this status",
    "negative_data_rejection": "400 or 404: the request breaks a rule of the spec",
    "positive_data_acceptance": "200: the request keeps all rules of the spec",
    "missing_required_header": "401 without credentials",
    "ignored_auth": "401 for missing or wrong credentials",
    "unsupported_method": "405 with Allow for a method that the path does not have, or 401 or 404",
    "allow_header_conformance": "an Allow that names the methods that the path has",
    _NO_ANSWER: "an answer",
}
_TITLES = {
    "not_a_server_error": "A server error",
    "content_type_conformance": "A wrong Content-Type",
    "response_schema_conformance": "A body that breaks its schema",
    "status_code_conformance": "A status that is not in the spec",
    "response_headers_conformance": "A header that is missing or malformed",
    "negative_data_rejection": "An invalid request that is taken",
    "positive_data_acceptance": "A valid request that is refused",
    "missing_required_header": "A request without credentials that is not refused",
    "ignored_auth": "Missing or wrong credentials that are not refused",
    "unsupported_method": "An unknown method that is not refused",
    "allow_header_conformance": "A wrong Allow",
    _NO_ANSWER: "A request that gets no answer",
}
_MUST = ("not_a_server_error", "content_type_conformance", "response_schema_conformance")
_NOT_A_FAULT = (HTTPStatus.NOT_IMPLEMENTED, HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT)
"""Server errors that tell of a method that is not there, or of what stands between us and the server."""
_TOLD = ("JsonSchemaError", "MissingHeaders")
"""Failures whose message quotes the spec, never the answer: `hooks.py` sees to that."""
_NETWORK = (
    "ConnectionError",
    "ConnectTimeout",
    "ReadTimeout",
    "Timeout",
    "ChunkedEncodingError",
    "ContentDecodingError",
    "RetryError",
)


@dataclass(frozen=True)
class _Failure:
    check: str
    answer: Answer
    operation: str
    detail: str = ""

    @property
    def key(self) -> Key:
        return self.check, self.operation, self.answer.status

    @property
    def level(self) -> Level:
        return "must" if self.check in _MUST and self.answer.status not in _NOT_A_FAULT else "should"


def findings(report: Path, run: Run) -> list[Finding]:
    """Each check that failed, once for an operation and a status, with the shortest request that shows it."""
    found: dict[Key, _Failure] = {}
    for failure in _failures(report, run.world.credentials):
        known = found.get(failure.key)
        if known is None or len(failure.answer.request.url) < len(known.answer.request.url):
            found[failure.key] = failure
    ordered = sorted(found.values(), key=lambda each: (each.level != "must", each.key))
    return [_finding(failure, run) for failure in ordered]


def sent(report: Path) -> dict[str, int]:
    """Count the requests of each operation, those that a check made included."""
    operations = Counter(
        _operation(event["recorder"], case)
        for kind, event in _events(report)
        if kind == "ScenarioFinished"
        for case in event["recorder"].get("interactions", {})
    )
    return dict(sorted(operations.items()))


def left_out(report: Path) -> list[str]:
    """Say what Schemathesis could not do, for another reason than that no answer came."""
    errors = [event for kind, event in _events(report) if kind in ("NonFatalError", "FatalError")]
    return [
        f"{error.get('label', 'a part')} ({error['value']['type']})"
        for error in errors
        if isinstance(error.get("value"), dict) and error["value"].get("type") not in _NETWORK
    ]


def _finding(failure: _Failure, run: Run) -> Finding:
    answer, hidden = failure.answer, run.secrets.hidden
    return Finding(
        level=failure.level,
        title=f"{_TITLES.get(failure.check, 'A failed check')}: {failure.operation} ({failure.check})",
        expected=_EXPECTED.get(failure.check, f"that the check {failure.check} of Schemathesis passes"),
        actual=hidden(answer.summary) if answer.status else "none, though it was asked for again",
        detail=hidden(" ".join(failure.detail.split())),
        reproduce=hidden(answer.request.curl),
    )


def _events(report: Path) -> Iterator[tuple[str, Json]]:
    with report.open(encoding="utf-8") as lines:
        for line in lines:
            try:
                yield from json.loads(line).items()
            except ValueError:  # the last line of what was ended
                continue


def _failures(report: Path, credentials: Credentials) -> Iterator[_Failure]:
    for kind, event in _events(report):
        if kind == "ScenarioFinished":
            recorder = event["recorder"]
            yield from _failures_of(recorder, credentials)
            yield from _lost(recorder, credentials)


def _failures_of(recorder: Json, credentials: Credentials) -> Iterator[_Failure]:
    for number, checks in recorder.get("checks", {}).items():
        for check in checks:
            if check["status"] == "success":
                continue
            failure = check["failure_info"]["failure"]
            case = failure.get("case_id") or number  # a check may have sent a request of its own
            answer = _answer(recorder["interactions"][case], credentials)
            detail = str(failure["message"]) if failure["type"] in _TOLD else ""
            yield _Failure(check["name"], answer, _operation(recorder, case), detail)


def _lost(recorder: Json, credentials: Credentials) -> Iterator[_Failure]:
    for case, interaction in recorder.get("interactions", {}).items():
        if not interaction.get("response"):
            yield _Failure(_NO_ANSWER, _answer(interaction, credentials), _operation(recorder, case))


def _operation(recorder: Json, case: str) -> str:
    value = recorder["cases"].get(case, {}).get("value", {})
    return f"{value['method']} {value['path']}" if "path" in value else str(recorder["label"])


def _answer(interaction: Json, credentials: Credentials) -> Answer:
    request = _request(interaction["request"], credentials)
    response = interaction.get("response")
    if not response:
        return no_answer(request)
    headers = tuple((name, value) for name, values in response["headers"].items() for value in values)
    body = base64.b64decode((response.get("content") or {}).get("$base64", ""))
    return Answer(request, response["status_code"], headers, body)


def _request(sent: Json, credentials: Credentials) -> Request:
    headers = {name.lower(): (name, values[0]) for name, values in sent["headers"].items() if values}
    _, authorization = headers.pop("authorization", ("", ""))
    request = Request(sent["method"].upper(), sent["uri"], headers=tuple(headers.values()))
    if not authorization:
        return request
    if authorization == credentials.header:
        return replace(request, credentials=credentials)
    return replace(request, credentials=credentials.but("0" * 32, '"$WRONG_TOKEN"'))
