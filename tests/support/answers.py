"""Checks of responses against the specs."""

import json
import re
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httpx
from openapi_schema_validator import OAS30Validator

from chat_bindings.spec import CONTRACT, CONTROL, METHODS, REGISTRATION, resolve
from chat_bindings.spec import document as as_written

from .raw import Response

ALL = (CONTRACT, REGISTRATION, CONTROL)

_LEAKS = re.compile(
    r"Traceback|File \"|, line \d+, in |\.py\b|SELECT |INSERT |DELETE FROM|UPDATE |sqlite|apsw|constraint|\$ref"
    r"|jsonschema|minLength|maxLength|maxItems|[\"']type[\"']: |\^\[|object at 0x|<class|\bException\b",
)
"""Parts of stacks, SQL and schemas, which no message may show."""

_seen: set[str] = set()


class Operation(NamedTuple):
    """An operation as its spec describes it, with references resolved, and its path's parameters among its own."""

    operation_id: str
    method: str
    template: str
    spec: dict[str, Any]

    def path(self, **parameters: str) -> str:
        """Return the operation's path with the path parameters filled in as they stand."""
        return re.sub(r"\{(\w+)\}", lambda match: parameters[match[1]], self.template)


@cache
def document(spec: str = CONTRACT) -> Any:
    """Return a spec with every reference resolved."""
    return resolve(as_written(spec), spec)


@cache
def operations(*specs: str) -> dict[str, Operation]:
    """Return every operation of some specs, or of the contract and the registration, by its id."""
    bases = {spec: urlsplit(document(spec)["servers"][0]["url"]).path for spec in specs or (CONTRACT, REGISTRATION)}
    return {
        operation["operationId"]: Operation(
            operation["operationId"], method.upper(), f"{base}{path}",
            operation | {"parameters": [*item.get("parameters", ()), *operation.get("parameters", ())]},
        )
        for spec, base in bases.items()
        for path, item in document(spec)["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    }  # fmt: skip


@cache
def allowed(template: str) -> set[str]:
    """Return the methods of a path: those of the spec, HEAD beside GET, and OPTIONS."""
    methods = {operation.method for operation in operations(*ALL).values() if operation.template == template}
    return methods | ({"HEAD"} if "GET" in methods else set()) | {"OPTIONS"}


@cache
def errors() -> dict[str, dict[str, Any]]:
    """Return the examples of errors by name, each with its `value`, and its sentence with gaps as `x-message`."""
    return {
        name: example
        for spec in ALL
        for name, example in document(spec)["components"]["examples"].items()
        if "x-message" in example
    }


def response_of(answer: httpx.Response) -> Response:
    """Convert a response of httpx."""
    return Response(answer.status_code, [(name.lower(), value) for name, value in answer.headers.multi_items()],
                    answer.content)  # fmt: skip


def check_id(response: Response) -> None:
    """Check that every response has a request id of its own."""
    request_id = response.header("Twilio-Request-Id")
    assert request_id, response
    schema = document()["components"]["headers"]["Twilio-Request-Id"]["schema"]
    assert re.fullmatch(schema["pattern"], request_id), request_id
    assert request_id not in _seen, f"{request_id} was given twice"
    _seen.add(request_id)


def check_documented(response: Response, operation_id: str, *, head: bool = False) -> Any:
    """Check that the spec documents a response: status, headers, media type and schema. Returns its JSON."""
    check_id(response)
    responses = operations(*ALL)[operation_id].spec["responses"]
    assert str(response.status) in responses, f"{operation_id} documents no {response.status}: {response}"
    documented = responses[str(response.status)]
    for name, header in documented["headers"].items():
        value = response.header(name)
        assert value is not None or not header.get("required"), f"{response.status} without {name}"
    if "content" not in documented:
        assert (response.content, response.header("Content-Type")) == (b"", None)
        return None
    assert response.header("Content-Type") == next(iter(documented["content"]))
    if head:
        assert response.content == b""
        return None
    body = json.loads(response.content)
    schema = documented["content"]["application/json"]["schema"]
    assert [error.message for error in OAS30Validator(schema).iter_errors(body)] == []
    return body


def check_error(response: Response, name: str, operation_id: str | None = None, **facts: str) -> str:
    """Check that a response is the error of an example's name, with the facts in its sentence. Returns the message.

    Without `operation_id` the error belongs to no operation, as on a path that is not in the specs.
    """
    example = errors()[name]
    value = example["value"]
    if operation_id is None:
        check_id(response)
        assert response.header("Content-Type") == "application/json"
        error = json.loads(response.content)
        schema = document()["components"]["schemas"]["Error"]
        assert [each.message for each in OAS30Validator(schema).iter_errors(error)] == []
    else:
        error = check_documented(response, operation_id)
    expected = {"code": value["code"], "more_info": value["more_info"], "status": value["status"]}
    message = error.pop("message")
    assert (response.status, error) == (value["status"], expected), message
    check_message(message, example["x-message"], facts)
    return str(message)


def check_message(message: str, template: str, facts: dict[str, str]) -> None:
    """Check that a message is the spec's sentence, filled in, and shows no internals."""
    gap = re.compile(r"\\\{(\w+)\\\}")
    pattern = gap.sub(lambda m: re.escape(facts[m[1]]) if m[1] in facts else "(?s:.+)", re.escape(template))
    assert re.fullmatch(pattern, message), f"{message!r} is not {template!r} with {facts}"
    assert not _LEAKS.search(message), message
    assert len(message) < 1000, message
