"""The contract for client generators: paths, parameters and types, without bounds and patterns.

A generated client that validates responses refuses some that the contract allows, such as a SID in capital letters.
One that validates requests raises an error of its own in the place of the server's, which names the remedy. Bounds and
patterns are left to the server; descriptions explain them.

The server may be of a later version. In a response an enumeration is therefore a string of any value, and any property
may be null or absent. The exception are the objects of a page, which is none without its list.
"""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from ..spec import definitions, reference_name

Json = Any

_JUDGING = frozenset({
    "pattern", "default", "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "uniqueItems",
})  # fmt: skip
_NAMES = ("properties", "schemas")
"""Keywords whose children are names, even where a name equals a keyword."""


def for_clients(document: Json, *, one_error: bool = False, nullable: bool = False) -> Json:
    """Copy the contract without what is not for clients.

    `one_error` makes one default response of an operation's errors, for generators that confuse a 404 with a 400.
    `nullable` makes optional properties nullable, for generators that refuse null otherwise.
    """
    copy: Json = _without(document, lambda name: name.startswith("x-"))
    copy["info"]["description"] = copy["info"]["description"].partition("\n\n")[0]
    copy["servers"] = [server for server in copy["servers"] if "://" in server["url"]]
    schemas = copy["components"]["schemas"]
    copy["components"] = {**_tolerant(copy["components"]), "schemas": _convert_named(schemas, nullable=nullable)}
    if one_error:
        for operation in definitions(copy):
            operation["responses"] = _with_one_error(operation["responses"])
    return copy


def _with_one_error(responses: Json) -> Json:
    """Keep the successes, and one of the errors for all: their bodies are the same."""
    errors = [response for status, response in responses.items() if int(status) >= HTTPStatus.BAD_REQUEST]
    successes = {status: response for status, response in responses.items() if response not in errors}
    return {**successes, "default": errors[0]}


def _convert_named(schemas: Json, *, nullable: bool) -> Json:
    """Convert the named schemas; a named enumeration stays one, since filters take its type."""
    tolerant = _tolerant({"schemas": schemas})["schemas"]
    for name, schema in schemas.items():
        if "enum" in schema:
            tolerant[name]["enum"] = schema["enum"]
        if "properties" in schema:
            tolerant[name] = _read(tolerant[name], schemas, nullable=nullable)
    return tolerant


def _read(schema: Json, schemas: Json, *, nullable: bool) -> Json:
    """Convert an object's schema to what a client reads, from a server of any version."""
    properties = {}
    required = []
    for name, each in schema["properties"].items():
        target = _target(each, schemas)
        if "properties" in _target(each.get("items", each), schemas) and "properties" not in each:
            properties[name] = each
            required.append(name)
            continue
        read = {key: target[key] for key in ("type", "description") if key in target} if "enum" in target else each
        if "properties" in read:
            read = _read(read, schemas, nullable=nullable)
        read = {key: value for key, value in read.items() if key != "nullable"}
        if nullable:
            read = {"allOf": [read], "nullable": True} if reference_name(read) else {**read, "nullable": True}
        properties[name] = read
    kept = {key: value for key, value in schema.items() if key not in ("properties", "required")}
    return kept | {"properties": properties} | ({"required": required} if required else {})


def _target(schema: Json, schemas: Json) -> Json:
    return schemas.get(reference_name(schema), schema)


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
