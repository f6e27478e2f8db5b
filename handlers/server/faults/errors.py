"""The errors that can be injected: those that the specs document for an operation."""

from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from string import Formatter
from typing import NamedTuple

import orjson
from starlette.types import Scope

from ...spec import CONTRACT, REGISTRATION, Json, definitions, document, resolve
from ..errors import ApiError, catalogue, render, required_headers
from .rules import Injection
from .schemas import injection_schema


class ErrorAnswer(NamedTuple):
    """An example of an error, and the required headers of its response with their examples."""

    name: str
    headers: dict[str, str]
    body: Json

    def render(self, scope: Scope, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        """Return the status, the headers (`headers` replace some) and the body.

        A message that repeats only the path repeats that of this request; others are the example's.
        """
        name = self._kind()
        if name is not None:
            return render(ApiError(name, self.headers | headers), scope)
        return self.body["status"], self.headers | headers, orjson.dumps(self.body)

    def _kind(self) -> str | None:
        """Find the kind of error, where its message needs no more than the path."""
        if self.name in catalogue():
            return self.name if _gaps(self.name) <= {"path"} else None
        same = [name for name, kind in catalogue().items() if kind.code == self.body["code"] and _gaps(name)]
        return next((name for name in same if _gaps(name) == {"path"}), None)


def _gaps(name: str) -> set[str]:
    return {gap for _, gap, _, _ in Formatter().parse(catalogue()[name].message) if gap}


@cache
def error_answers(operation_id: str) -> dict[int, dict[str, ErrorAnswer]]:
    """Return the errors of an operation by status and by the name of their example. Raises `LookupError`."""
    return {
        int(status): {
            name: ErrorAnswer(name, required_headers(response), example["value"])
            for media_type in response["content"].values()
            for name, example in media_type["examples"].items()
        }
        for status, response in _responses(operation_id).items()
        if int(status) >= HTTPStatus.BAD_REQUEST
    }


def _responses(operation_id: str) -> Json:
    for spec in (CONTRACT, REGISTRATION):
        for definition in definitions(document(spec)):
            if definition["operationId"] == operation_id:
                return resolve(definition["responses"], spec)
    raise LookupError(f"no spec has an operation {operation_id}")


def check_injection(injection: Injection, operation_id: str) -> tuple[str, str] | None:
    """Find the property of an injection that does not fit an operation, and the broken rule; None where all fit."""
    if injection.code is None:
        return None
    documented = error_answers(operation_id)
    if injection.code not in documented:
        return "code", f"must be one of {_join(documented)}, which {operation_id} has"
    examples = documented[injection.code]
    if injection.example is not None and injection.example not in examples:
        return "example", f"must be one of {_join(examples)}, which {operation_id} has for {injection.code}"
    if injection.retry_after is not None and not _says_when(examples):
        having = _join({code: found for code, found in documented.items() if _says_when(found)})
        return "retry_after", f"must go with one of {having}, which say when"
    return None


def choose_error(injection: Injection, operation_id: str) -> tuple[ErrorAnswer, dict[str, str]] | None:
    """Choose the error to answer, and the headers that differ from its example; None for no error."""
    if injection.code is None:
        return None
    examples = error_answers(operation_id)[injection.code]
    headers = {} if injection.retry_after is None else {_retry_header(): str(int(injection.retry_after))}
    return examples[injection.example or next(iter(examples))], headers


def _retry_header() -> str:
    header: str = injection_schema()["properties"]["retry_after"]["x-header"]
    return header


def _says_when(examples: Mapping[str, ErrorAnswer]) -> bool:
    return all(_retry_header() in example.headers for example in examples.values())


def _join(things: Mapping[int, object] | Mapping[str, object]) -> str:
    return ", ".join(map(str, things))
