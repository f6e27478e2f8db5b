"""Schemas in words: types, rules and allowed values."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from ...spec import CONTRACT, Json, document, follow, reference_name


class SchemaType(NamedTuple):
    """The type of a schema in words, `array of string`, and the schema's name in the spec, or an empty string."""

    words: str
    name: str


def follow_reference(node: Json) -> Json:
    """Follow a reference within the contract; a part that is no reference is its own."""
    return follow(node, document(CONTRACT))


def type_of(schema: Json) -> SchemaType:
    """Return the type of a schema."""
    whole = follow_reference(schema)
    if is_list(whole):
        items = type_of(whole["items"])
        return SchemaType(f"array of {items.words}", reference_name(schema) or items.name)
    words = f"{whole['type']} or null" if whole.get("nullable") else str(whole["type"])
    return SchemaType(words, reference_name(schema))


def is_list(schema: Json) -> bool:
    """Return whether a schema is an array."""
    return bool(follow_reference(schema)["type"] == "array")


def choices(schema: Json) -> list[str]:
    """Return the enumerated values of a schema, or of an array's items; empty without an enumeration."""
    whole = follow_reference(schema)
    return choices(whole["items"]) if "items" in whole else [str(value) for value in whole.get("enum", ())]


def retention(node: Json) -> str:
    """Return how long personal data may be kept after its deletion, `30 days`; empty for other data."""
    duration = follow_reference(node).get("x-pii", {}).get("retention", "")
    return re.sub(r"P([0-9]+)D", r"\1 days", duration)


def rules(schema: Json) -> list[str]:
    """List the rules of a schema in Markdown."""
    whole = follow_reference(schema)
    if is_list(whole):
        return [*_of_arrays(whole), *(f"each value: {rule}" for rule in rules(whole["items"]))]
    return list(_of_values(whole))


def _of_arrays(schema: Json) -> Iterator[str]:
    if "maxItems" in schema:
        yield f"at most {schema['maxItems']:,} values"


def _of_values(schema: Json) -> Iterator[str]:
    if "enum" in schema:
        yield "one of " + ", ".join(f"`{value}`" for value in schema["enum"])
    if "minimum" in schema and "maximum" in schema:
        yield f"from {schema['minimum']} to {schema['maximum']}"
    elif "minimum" in schema:
        yield f"at least {schema['minimum']}"
    if schema.get("minLength"):
        yield "not empty"
    if "default" in schema:
        yield f"default `{schema['default']}`"
    if "format" in schema:
        yield f"format `{schema['format']}`"
    if "pattern" in schema:
        yield f"pattern `{schema['pattern']}`"
