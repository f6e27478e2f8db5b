"""The contract as generators of clients need it: what a client must know to speak, and nothing that it would judge.

A generated client that checks what it reads refuses answers that the contract lets a server give (a SID in capital
letters), and one that checks what it sends tells an error of its own where the server's says what to do. So bounds and
patterns stay with the server. What they mean is told in the descriptions.
"""

from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any

from ..service.specification import METHODS

Json = Any

_JUDGING = frozenset({
    "pattern", "default", "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "uniqueItems",
})  # fmt: skip
_NAMES = ("properties", "schemas")
"""Below these stand names, which are no keywords even where they look like one."""


def for_clients(document: Json, *, one_error: bool = False) -> Json:
    """A copy of the contract without what is not for clients.

    `one_error` says what all errors share but once for an operation, for generators that would take a 404 for a 400.
    """
    told: Json = _without(document, lambda name: name.startswith("x-"))
    told["info"]["description"] = told["info"]["description"].partition("\n\n")[0]
    told["servers"] = [server for server in told["servers"] if "://" in server["url"]]
    schemas = told["components"]["schemas"]
    told["components"] = {**_tolerant(told["components"]), "schemas": _named(schemas)}
    if one_error:
        for operation in _operations(told):
            operation["responses"] = _with_one_error(operation["responses"])
    return told


def _operations(document: Json) -> Iterator[Json]:
    for item in document["paths"].values():
        yield from (item[method] for method in METHODS if method in item)


def _with_one_error(responses: Json) -> Json:
    """Successes as they are, and one of the errors in the place of all: their bodies are the same."""
    errors = [response for status, response in responses.items() if int(status) >= HTTPStatus.BAD_REQUEST]
    successes = {status: response for status, response in responses.items() if response not in errors}
    return {**successes, "default": {"$ref": errors[0]["$ref"]}}


def _named(schemas: Json) -> Json:
    """Schemas with a name of their own: such an enumeration becomes a type."""
    tolerant = _tolerant({"schemas": schemas})["schemas"]
    for name, schema in schemas.items():
        if "enum" in schema:
            tolerant[name]["enum"] = schema["enum"]
    return tolerant


def _tolerant(node: Json) -> Json:
    return _without(node, lambda name: name in _JUDGING or name == "enum")


def _without(node: Json, dropped: Callable[[str], bool], *, names: bool = False) -> Json:
    if isinstance(node, list):
        return [_without(item, dropped) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        name: _without(value, dropped, names=name in _NAMES)
        for name, value in node.items()
        if names or not dropped(str(name))
    }
