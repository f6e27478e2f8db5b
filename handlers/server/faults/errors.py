"""The errors that a request can be made to get: those that its operation documents, as the spec says them."""

from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from string import Formatter
from typing import NamedTuple

import orjson
from starlette.types import Scope

from ...spec import CONTRACT, REGISTRATION, Json, document, operations, resolve
from ..errors import REQUEST_ID, ApiError, catalogue, render
from .rules import Injection
from .schemas import injection_schema


class ErrorAnswer(NamedTuple):
    """An example of an error, and the headers that its response must have, with their own examples."""

    name: str
    headers: dict[str, str]
    body: Json

    def rendered(self, scope: Scope, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        """The status, headers (some of them replaced) and body.

        Where the error says of the request no more than its path, it says that of this one; else it is the example.
        """
        name = self._kind()
        if name is not None:
            return render(ApiError(name, self.headers | headers), scope)
        return self.body["status"], self.headers | headers, orjson.dumps(self.body)

    def _kind(self) -> str | None:
        """The kind of error that this is, if the path is all that its sentence needs to know."""
        if self.name in catalogue():
            return self.name if _gaps(self.name) <= {"path"} else None
        same = [name for name, kind in catalogue().items() if kind.code == self.body["code"] and _gaps(name)]
        return next((name for name in same if _gaps(name) == {"path"}), None)


def _gaps(name: str) -> set[str]:
    return {gap for _, gap, _, _ in Formatter().parse(catalogue()[name].message) if gap}


@cache
def error_answers(operation_id: str) -> dict[int, dict[str, ErrorAnswer]]:
    """The errors of an operation by their statuses, and those of a status by the names of their examples."""
    spec, definition = _operation(operation_id)
    return {
        int(status): {
            name: ErrorAnswer(name, _headers(response), example["value"])
            for media_type in response["content"].values()
            for name, example in media_type["examples"].items()
        }
        for status, response in resolve(definition["responses"], spec).items()
        if int(status) >= HTTPStatus.BAD_REQUEST
    }


def _operation(operation_id: str) -> tuple[str, Json]:
    for spec in (CONTRACT, REGISTRATION):
        for method, _, name in operations(spec):
            if name == operation_id:
                items = document(spec)["paths"].values()
                return spec, next(
                    own for item in items if (own := item.get(method.lower(), {})).get("operationId") == name
                )
    raise LookupError(f"no spec has an operation {operation_id}")


def _headers(response: Json) -> dict[str, str]:
    return {
        name: str(header["example"])
        for name, header in response["headers"].items()
        if header.get("required") and name != REQUEST_ID
    }


def check_injection(injection: Injection, operation_id: str) -> tuple[str, str] | None:
    """Which property of an injection does not fit an operation, and the rule that it breaks."""
    if injection.code is None:
        return None
    documented = error_answers(operation_id)
    if injection.code not in documented:
        return "code", f"must be one of {_listed(documented)}, which {operation_id} has"
    examples = documented[injection.code]
    if injection.example is not None and injection.example not in examples:
        return "example", f"must be one of {_listed(examples)}, which {operation_id} has for {injection.code}"
    if injection.retry_after is not None and not _says_when(examples):
        having = _listed({code: found for code, found in documented.items() if _says_when(found)})
        return "retry_after", f"must go with one of {having}, which say when"
    return None


def forced(injection: Injection, operation_id: str) -> tuple[ErrorAnswer, dict[str, str]] | None:
    """The error that is answered, and its headers that are not as in the example; None for no error."""
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


def _listed(things: Mapping[int, object] | Mapping[str, object]) -> str:
    return ", ".join(map(str, things))
