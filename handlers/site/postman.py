"""The contract as a Postman collection: operations in a runnable order, with examples and tests."""

import json
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import urlencode

from .renditions import as_json_schema, without_references

Json = Any

_SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
_BASE_URL, _USER, _PASSWORD = "baseUrl", "accountSid", "authToken"
_CREDENTIALS = "Authorization"
_DEMO = "http://127.0.0.1:8000"
"""The address of `serve --demo`."""

_ABOUT = (
    "The requests of a collection run in their order: the list, a Binding of it, the end of that Binding, and what is "
    "answered from then on. Set the variables first; as they stand, they fit `chat-bindings serve --demo`, which "
    "prints the token. A run deletes the Binding that the variables name."
)


class CollectionRequest(NamedTuple):
    """A request of the collection: its operation and its expected status."""

    operation_id: str
    status: HTTPStatus
    name: str = ""


_REQUESTS = (
    CollectionRequest("listBindings", HTTPStatus.OK),
    CollectionRequest("fetchBinding", HTTPStatus.OK),
    CollectionRequest("deleteBinding", HTTPStatus.NO_CONTENT),
    CollectionRequest("fetchBinding", HTTPStatus.NOT_FOUND, "Fetch what was deleted"),
)


def collection(spec: Json) -> Json:
    """Make a collection in Postman's format 2.1 from a spec of one file."""
    whole = without_references(spec)
    operations = {operation["operationId"]: operation for operation in _operations(whole)}
    credentials = [_text("username", _variable(_USER)), _text("password", _variable(_PASSWORD))]
    about = {"name": spec["info"]["title"], "version": spec["info"]["version"], "description": _ABOUT}
    return {
        "info": {**about, "schema": _SCHEMA},
        "auth": {"type": "basic", "basic": credentials},
        "item": [_item(operations[each.operation_id], each) for each in _REQUESTS],
        "variable": list(_variables(whole)),
    }


def _operations(whole: Json) -> Iterator[Json]:
    """Yield the operations, each with its path, its method and the parameters of its path."""
    for path, item in whole["paths"].items():
        for method, operation in item.items():
            if isinstance(operation, Mapping) and "operationId" in operation:
                parameters = [*item.get("parameters", ()), *operation.get("parameters", ())]
                yield {**operation, "path": path, "method": method.upper(), "parameters": parameters}


def _item(operation: Json, each: CollectionRequest) -> Json:
    response = operation["responses"][str(each.status.value)]
    script = {"type": "text/javascript", "exec": list(_tests(each.status, response))}
    return {
        "name": each.name or operation["summary"],
        "event": [{"listen": "test", "script": script}],
        "request": _request(operation),
        "response": [] if each.name else list(_examples(operation)),
    }


def _request(operation: Json, changes: Json = MappingProxyType({})) -> Json:
    """Make the request of an operation, with the changes of an example's `x-request`."""
    segments = [f":{part[1:-1]}" if part.startswith("{") else part for part in operation["path"].split("/")[1:]]
    sids = {name: _variable(name) for name in _names(operation, "path")} | changes.get("path", {})
    chosen = [_text(name, str(value)) for name, values in changes.get("query", {}).items() for value in values]
    headers = changes.get("headers", {}).items()
    return {
        "method": changes.get("method", operation["method"]),
        **({"auth": {"type": "noauth"}} if (_CREDENTIALS, None) in headers else {}),
        "header": [_text(name, value) for name, value in headers if value is not None],
        "url": {
            "raw": "/".join([_variable(_BASE_URL), *segments]) + ("?" if chosen else "") + _query(chosen),
            "host": [_variable(_BASE_URL)],
            "path": segments,
            "query": chosen if changes else _disabled_query(operation),
            "variable": [_text(name, value) for name, value in sids.items()],
        },
        "description": operation["description"],
    }


def _names(operation: Json, place: str) -> list[str]:
    return [each["name"] for each in operation["parameters"] if each["in"] == place]


def _query(chosen: list[Json]) -> str:
    return urlencode([(each["key"], each["value"]) for each in chosen])


def _disabled_query(operation: Json) -> list[Json]:
    """List the query parameters, disabled, for users to enable."""
    found = []
    for parameter in operation["parameters"]:
        if parameter["in"] == "query":
            example = parameter.get("example", "")
            value = str(example[0] if isinstance(example, list) else example)
            found.append(_text(parameter["name"], value) | {"description": parameter["description"], "disabled": True})
    return found


def _tests(status: HTTPStatus, response: Json) -> Iterator[str]:
    yield f"pm.test('the status is {status.value}', () => pm.response.to.have.status({status.value}));"
    for name, header in response["headers"].items():
        if header.get("required"):
            yield f"pm.test('there is a {name}', () => pm.response.to.have.header({json.dumps(name)}));"
    if "content" not in response:
        yield "pm.test('there is no body', () => pm.expect(pm.response.text()).to.equal(''));"
    for media in response.get("content", {}).values():
        yield f"const schema = {json.dumps(as_json_schema(media['schema']), ensure_ascii=False)};"
        yield "pm.test('the body is as the contract says', () => pm.response.to.have.jsonSchema(schema));"


def _examples(operation: Json) -> Iterator[Json]:
    """Yield the examples of each response, each with its request, in Postman's format of saved responses."""
    for status, response in operation["responses"].items():
        found = [
            (media_type, example)
            for media_type, media in response.get("content", {}).items()
            for example in media["examples"].values()
        ]
        for media_type, example in found or [("", {"summary": response["description"]})]:
            request = _request(operation, example.get("x-request", {}))
            yield _response(HTTPStatus(int(status)), response["headers"], media_type, example) | {
                "originalRequest": request
            }


def _response(status: HTTPStatus, headers: Json, media_type: str, example: Json) -> Json:
    sent = {"Content-Type": media_type} if media_type else {}
    sent |= {name: str(header["example"]) for name, header in headers.items() if header.get("required")}
    return {
        "name": example["summary"],
        "status": status.phrase,
        "code": status.value,
        "_postman_previewlanguage": "json" if media_type else "text",
        "header": [_text(name, value) for name, value in sent.items()],
        "cookie": [],
        "body": json.dumps(example["value"], ensure_ascii=False, indent=2) if "value" in example else "",
    }


def _variables(whole: Json) -> Iterator[Json]:
    yield _text(_BASE_URL, _DEMO)
    yield _text(_USER, whole["components"]["schemas"]["AccountSid"]["example"])
    yield _text(_PASSWORD, "")
    path_parameters = (each for each in whole["components"]["parameters"].values() if each["in"] == "path")
    yield from (_text(each["name"], each["example"]) for each in path_parameters)


def _text(key: str, value: str) -> Json:
    return {"key": key, "value": value}


def _variable(name: str) -> str:
    return f"{{{{{name}}}}}"
