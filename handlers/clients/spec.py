"""The contract as generators of clients need it: what a client must know to speak, and nothing that it would judge.

A generated client that checks what it reads refuses answers that the contract lets a server give (a SID in capital
letters), and one that checks what it sends tells an error of its own where the server's says what to do. So bounds and
patterns stay with the server. What they mean is told in the descriptions.

The server may also be of a later version. So in what a client reads, an enumeration is a text, which holds any value,
and any property may be null or absent, except for the objects that make a page: a page without its list is none.
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
"""Below these stand names, which are no keywords even where they look like one."""


def for_clients(document: Json, *, one_error: bool = False, nullable: bool = False) -> Json:
    """Copy the contract without what is not for clients.

    `one_error` says what all errors share but once for an operation, for generators that would take a 404 for a 400.
    `nullable` says of optional properties that they may be null, for generators that would refuse the null else.
    """
    told: Json = _without(document, lambda name: name.startswith("x-"))
    told["info"]["description"] = told["info"]["description"].partition("\n\n")[0]
    told["servers"] = [server for server in told["servers"] if "://" in server["url"]]
    schemas = told["components"]["schemas"]
    told["components"] = {**_tolerant(told["components"]), "schemas": _named(schemas, nullable=nullable)}
    if one_error:
        for operation in definitions(told):
            operation["responses"] = _with_one_error(operation["responses"])
    return told


def _with_one_error(responses: Json) -> Json:
    """Successes as they are, and one of the errors in the place of all: their bodies are the same."""
    errors = [response for status, response in responses.items() if int(status) >= HTTPStatus.BAD_REQUEST]
    successes = {status: response for status, response in responses.items() if response not in errors}
    return {**successes, "default": errors[0]}


def _named(schemas: Json, *, nullable: bool) -> Json:
    """Schemas with a name of their own: such an enumeration becomes a type, which filters take."""
    tolerant = _tolerant({"schemas": schemas})["schemas"]
    for name, schema in schemas.items():
        if "enum" in schema:
            tolerant[name]["enum"] = schema["enum"]
        if "properties" in schema:
            tolerant[name] = _read(tolerant[name], schemas, nullable=nullable)
    return tolerant


def _read(schema: Json, schemas: Json, *, nullable: bool) -> Json:
    """An object as a client reads it, from a server of any version."""
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
