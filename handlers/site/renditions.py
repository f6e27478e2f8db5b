"""Renditions of the contract: without annotations of schemas, without references, and in OpenAPI 3.1."""

from collections.abc import Callable, Mapping

from ..spec import Json, dereference

OPENAPI_31 = "3.1.1"

_DATA = ("example", "examples", "value", "default", "enum")
"""Keys of data, in which a `nullable` or a `$ref` has no meaning."""

_NAMES = ("properties", "schemas")
"""Keys of maps from names to schemas."""

Change = Callable[[dict[str, Json]], Json]


def for_tools(spec: Json) -> Json:
    """Remove from Schema Objects what strict validators of JSON Schema refuse: `x-` keys and `example`."""
    return _map_schemas(spec, _without_annotations)


def without_references(spec: Json) -> Json:
    """Replace each reference in a spec of one file by its target. Raises `RecursionError` for a recursive schema."""
    return dereference(spec, spec)


def as_openapi_31(spec: Json) -> Json:
    """Convert a spec from OpenAPI 3.0 to 3.1, whose schemas are those of JSON Schema 2020-12."""
    return _map_schemas(spec, _schema_of_31) | {"openapi": OPENAPI_31}


def as_json_schema(schema: Json) -> Json:
    """Convert a schema of OpenAPI 3.0 to JSON Schema, without descriptions and examples."""
    return _map_schemas(_map_schemas(schema, _schema_of_31, is_schema=True), _bare, is_schema=True)


def _map_schemas(node: Json, change: Change, *, is_schema: bool = False) -> Json:
    """Apply a change to the Schema Objects of a document, the inner ones first."""
    if isinstance(node, list):
        return [_map_schemas(value, change, is_schema=is_schema) for value in node]
    if not isinstance(node, Mapping):
        return node
    parts = {key: _map_part(key, value, change, is_schema=is_schema) for key, value in node.items()}
    return change(parts) if is_schema else parts


def _map_part(key: str, value: Json, change: Change, *, is_schema: bool) -> Json:
    if key in _NAMES:
        return {name: _map_schemas(schema, change, is_schema=True) for name, schema in value.items()}
    if key in _DATA or key.startswith("x-"):
        return value
    return _map_schemas(value, change, is_schema=is_schema or key == "schema")


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
