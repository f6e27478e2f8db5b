"""The contract in other forms: without annotations of schemas, without references, and in OpenAPI 3.1."""

from collections.abc import Callable, Mapping

from ..spec import Json, dereference

OPENAPI_31 = "3.1.1"

_DATA = ("example", "examples", "value", "default", "enum")
"""What stands under these keys is data: a `nullable` or a `$ref` in it would mean nothing."""

_NAMES = ("properties", "schemas")
"""Under these keys stand names that somebody chose, with a schema each."""

Change = Callable[[dict[str, Json]], Json]


def for_tools(spec: Json) -> Json:
    """A spec without what a strict validator of JSON Schema refuses in Schema Objects: `x-` keys and `example`."""
    return _changed(spec, _without_annotations)


def dereferenced(spec: Json) -> Json:
    """A spec of one file in which each reference is replaced by what it refers to.

    A schema that refers to itself has no such form: it raises `RecursionError`.
    """
    return dereference(spec, spec)


def as_openapi_31(spec: Json) -> Json:
    """A spec of OpenAPI 3.0 as OpenAPI 3.1, whose schemas are those of JSON Schema 2020-12."""
    return _changed(spec, _schema_of_31) | {"openapi": OPENAPI_31}


def as_json_schema(schema: Json) -> Json:
    """A schema of OpenAPI 3.0 as JSON Schema, without what only describes it."""
    return _changed(_changed(schema, _schema_of_31, is_schema=True), _bare, is_schema=True)


def _changed(node: Json, change: Change, *, is_schema: bool = False) -> Json:
    """A document whose Schema Objects have been changed, the inner ones first."""
    if isinstance(node, list):
        return [_changed(value, change, is_schema=is_schema) for value in node]
    if not isinstance(node, Mapping):
        return node
    parts = {key: _changed_part(key, value, change, is_schema=is_schema) for key, value in node.items()}
    return change(parts) if is_schema else parts


def _changed_part(key: str, value: Json, change: Change, *, is_schema: bool) -> Json:
    if key in _NAMES:
        return {name: _changed(schema, change, is_schema=True) for name, schema in value.items()}
    if key in _DATA or key.startswith("x-"):
        return value
    return _changed(value, change, is_schema=is_schema or key == "schema")


def _schema_of_31(schema: dict[str, Json]) -> Json:
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


def _without_annotations(schema: dict[str, Json]) -> Json:
    return {key: value for key, value in schema.items() if key != "example" and not key.startswith("x-")}


def _bare(schema: dict[str, Json]) -> Json:
    return {key: value for key, value in _without_annotations(schema).items() if key not in ("description", "examples")}
