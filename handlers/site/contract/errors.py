"""The dictionary of errors, from the contract's table and examples."""

from collections.abc import Iterator
from typing import NamedTuple

from ...spec import CONTRACT, Json, document
from ...verify.clause import Clause
from ..markdown import rows
from .clauses import about
from .examples import Example
from .reference import DocumentedOperation, DocumentedResponse, Field, operations, pointer_to
from .schemas import follow_reference


class Error(NamedTuple):
    """A kind of error: its code, its status, and the condition that causes it."""

    code: int
    status: int
    phrase: str
    when: str
    examples: list[Example]
    headers: list[Field]
    operations: list[DocumentedOperation]
    clauses: list[Clause]


def errors() -> list[Error]:
    """List the errors in the order of the contract's table: by status."""
    spec = document(CONTRACT)
    return [_error(int(status), int(code), when) for status, code, when in rows(spec["info"]["description"])]


def _error(status: int, code: int, when: str) -> Error:
    given = list(_responses(status, code))
    examples: dict[str, Example] = {}
    for each in (each for _, response in given for each in response.examples if _code(each) == code):
        examples.setdefault(each.name, each)
    headers = {field.name: field for _, response in given for field in response.headers if field.required}
    return Error(
        code=code,
        status=status,
        phrase=given[0][1].phrase,
        when=when[0].upper() + when[1:] + ".",
        examples=list(examples.values()),
        headers=list(headers.values()),
        operations=[operation for operation, _ in given],
        clauses=list(about(_pointers(status, code))),
    )


def _responses(status: int, code: int) -> Iterator[tuple[DocumentedOperation, DocumentedResponse]]:
    for operation in operations():
        for response in operation.responses:
            if response.status == status and any(_code(each) == code for each in response.examples):
                yield operation, response


def _code(example: Example) -> int:
    value = document(CONTRACT)["components"]["examples"][example.name]["value"]
    return int(value.get("code", 0))


def _pointers(status: int, code: int) -> set[str]:
    """Collect the JSON pointers to the parts of the contract that describe an error."""
    spec = document(CONTRACT)["components"]
    special = {
        f"/components/parameters/{name}/x-errors"
        for name, parameter in spec["parameters"].items()
        if any(spec["examples"][each]["value"]["code"] == code for each in parameter.get("x-errors", {}).values())
    }
    if special:
        return special
    shared = {
        f"/components/responses/{name}"
        for name, response in spec["responses"].items()
        if any(value["code"] == code for value in _values(response))
    }
    return shared | {f"{pointer_to(operation)}/responses/{status}" for operation, _ in _responses(status, code)}


def _values(response: Json) -> Iterator[Json]:
    for media in response["content"].values():
        for each in media["examples"].values():
            yield follow_reference(each)["value"]
