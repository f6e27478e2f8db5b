"""What a reader wants to know of a schema, in words."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from ...spec import CONTRACT, Json, document, follow, reference_name


class Kind(NamedTuple):
    """What values a schema has: `array of string`, and the name of the schema in the spec, if it has one."""

    words: str
    name: str


def resolved(node: Json) -> Json:
    """A part of the contract, or what it refers to."""
    return follow(node, document(CONTRACT))


def kind(schema: Json) -> Kind:
    """What values a schema has."""
    whole = resolved(schema)
    if is_list(whole):
        items = kind(whole["items"])
        return Kind(f"array of {items.words}", reference_name(schema) or items.name)
    return Kind(f"{whole['type']} or null" if whole.get("nullable") else str(whole["type"]), reference_name(schema))


def is_list(schema: Json) -> bool:
    """Return whether a schema is of an array."""
    return bool(resolved(schema)["type"] == "array")


def choices(schema: Json) -> list[str]:
    """Return the values that a schema, or that of an array's items, lists; none where it lists none."""
    whole = resolved(schema)
    return choices(whole["items"]) if "items" in whole else [str(value) for value in whole.get("enum", ())]


def retention(node: Json) -> str:
    """How long personal data may be kept after it is deleted, `30 days`; empty where there is none."""
    duration = resolved(node).get("x-pii", {}).get("retention", "")
    return re.sub(r"P([0-9]+)D", r"\1 days", duration)


def rules(schema: Json) -> list[str]:
    """The rules of a schema, each in some words of Markdown."""
    whole = resolved(schema)
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
