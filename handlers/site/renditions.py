"""The contract in other forms: references replaced by what they refer to, and OpenAPI 3.1."""

from collections.abc import Mapping

from ..spec import Json, dereference

OPENAPI_31 = "3.1.1"

_DATA = ("example", "examples", "value", "default", "enum")
"""What stands under these keys is data: a `nullable` or a `$ref` in it would mean nothing."""

_NAMES = ("properties", "schemas")
"""Under these keys stand names that somebody chose, with a schema each."""


def dereferenced(spec: Json) -> Json:
    """A spec of one file in which each reference is replaced by what it refers to.

    A schema that refers to itself has no such form: it raises `RecursionError`.
    """
    return dereference(spec, spec)


def as_openapi_31(spec: Json) -> Json:
    """A spec of OpenAPI 3.0 as OpenAPI 3.1, whose schemas are those of JSON Schema 2020-12."""
    return _converted(spec, is_schema=False) | {"openapi": OPENAPI_31}


def as_json_schema(schema: Json) -> Json:
    """A schema of OpenAPI 3.0 as JSON Schema, without what only describes it."""
    return _bare(_converted(schema, is_schema=True))


def _converted(node: Json, *, is_schema: bool) -> Json:
    if isinstance(node, list):
        return [_converted(value, is_schema=is_schema) for value in node]
    if not isinstance(node, Mapping):
        return node
    parts = {key: _converted_part(key, value, is_schema=is_schema) for key, value in node.items()}
    return _converted_schema(parts) if is_schema else parts


def _converted_part(key: str, value: Json, *, is_schema: bool) -> Json:
    if key in _NAMES:
        return {name: _converted(schema, is_schema=True) for name, schema in value.items()}
    if key in _DATA or key.startswith("x-"):
        return value
    return _converted(value, is_schema=is_schema or key == "schema")


def _converted_schema(schema: dict[str, Json]) -> Json:
    if schema.pop("nullable", False):
        schema["type"] = [schema["type"], "null"]
        if "enum" in schema:
            schema["enum"] = [*schema["enum"], None]
    if "example" in schema:
        schema["examples"] = [schema.pop("example")]
    for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if schema.pop(exclusive, False):
            schema[exclusive] = schema.pop(bound)
    return schema


def _bare(node: Json) -> Json:
    if isinstance(node, list):
        return [_bare(value) for value in node]
    if not isinstance(node, Mapping):
        return node
    return {
        key: {name: _bare(schema) for name, schema in value.items()} if key in _NAMES else _bare(value)
        for key, value in node.items()
        if key not in ("description", "examples") and not key.startswith("x-")
    }
