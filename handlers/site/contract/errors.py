"""The dictionary of the errors, out of the contract's table and examples."""

from collections.abc import Iterator
from typing import NamedTuple

from ...spec import CONTRACT, Json, document
from ...verify.clause import Clause
from ..markdown import rows
from .clauses import about
from .examples import Example
from .reference import Answer, Field, Operation, operations, pointer_to
from .schemas import resolved


class Error(NamedTuple):
    """A kind of error: its code, the status that it comes with, and when it comes."""

    code: int
    status: int
    phrase: str
    when: str
    examples: list[Example]
    headers: list[Field]
    operations: list[Operation]
    clauses: list[Clause]


def errors() -> list[Error]:
    """The errors in the order of the contract's table: by status."""
    spec = document(CONTRACT)
    return [_error(int(status), int(code), when) for status, code, when in rows(spec["info"]["description"])]


def _error(status: int, code: int, when: str) -> Error:
    given = list(_answers(status, code))
    examples: dict[str, Example] = {}
    for each in (each for _, answer in given for each in answer.examples if _code(each) == code):
        examples.setdefault(each.name, each)
    headers = {field.name: field for _, answer in given for field in answer.headers if field.required}
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


def _answers(status: int, code: int) -> Iterator[tuple[Operation, Answer]]:
    for operation in operations():
        for answer in operation.answers:
            if answer.status == status and any(_code(each) == code for each in answer.examples):
                yield operation, answer


def _code(example: Example) -> int:
    value = document(CONTRACT)["components"]["examples"][example.name]["value"]
    return int(value.get("code", 0))


def _pointers(status: int, code: int) -> set[str]:
    """The parts of the contract that say how an error is answered."""
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
    return shared | {f"{pointer_to(operation)}/responses/{status}" for operation, _ in _answers(status, code)}


def _values(response: Json) -> Iterator[Json]:
    for media in response["content"].values():
        for each in media["examples"].values():
            yield resolved(each)["value"]
