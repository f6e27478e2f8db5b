"""Violations of a JSON schema as sentences: "must be one of apn, gcm, fcm"."""

from collections.abc import Callable
from typing import Any

import jsonschema_rs

from .spec import Json, sentences

_TYPES = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "object": "an object",
    "string": "a string",
}

_RULES: dict[str, Callable[[Any], str]] = {
    "additionalProperties": lambda kind: f"must not hold {_names(kind.unexpected)}, which is not known here",
    "enum": lambda kind: f"must be one of {_names(kind.options)}",
    "format": lambda kind: f"must be a valid {kind.format}",
    "maxItems": lambda kind: f"must hold at most {_count(kind.limit, 'value')}",
    "maxLength": lambda kind: f"must have at most {_count(kind.limit, 'character')}",
    "maximum": lambda kind: f"must be at most {kind.limit}",
    "minItems": lambda kind: f"must hold at least {_count(kind.limit, 'value')}",
    "minLength": lambda kind: "must not be empty" if kind.limit == 1 else f"must have at least {kind.limit} characters",
    "minimum": lambda kind: f"must be at least {kind.limit}",
    "pattern": lambda kind: f"must {sentences().get(kind.pattern, 'have another form')}",
    "required": lambda kind: f"must hold {kind.property}",
    "type": lambda kind: f"must be {' or '.join(_TYPES.get(name, name) for name in kind.types)}",
}


Validator = jsonschema_rs.Draft4Validator | jsonschema_rs.Draft202012Validator

_NAMES: dict[type, str] = {dict: "object", list: "array", str: "string"}


def first_error(validator: Validator, schema: Json, value: Json) -> jsonschema_rs.ValidationError | None:
    """Return the first error of a value by a schema; None for a valid value.

    jsonschema-rs copies the invalid part into its error. The value is cut down first, to what the schema
    distinguishes, so that time and memory depend on the size of the schema and not of the value.
    """
    if validator.is_valid(value):
        return None
    for part in (_excerpt(value, schema), value):  # the whole where the excerpt hides the error
        try:
            validator.validate(part)
        except jsonschema_rs.ValidationError as error:
            return error
    return None


def _excerpt(value: Json, schema: Json) -> Json:
    """Cut a value down to one item, property or character over its schema's bounds: as invalid as a million."""
    kind = _NAMES.get(type(value))
    if kind is None:
        return value
    if not isinstance(schema, dict) or kind not in schema.get("type", kind):
        return type(value)()
    if kind == "string":
        return value[: schema["maxLength"] + 1] if "maxLength" in schema else value
    if kind == "array":
        items = value[: schema["maxItems"] + 1] if "maxItems" in schema else value
        return [_excerpt(item, schema.get("items")) for item in items]
    properties = schema.get("properties", {})
    known = {name: _excerpt(own, properties[name]) for name, own in value.items() if name in properties}
    unknown = next((name for name in value if name not in properties), None)
    return known if unknown is None else known | {unknown: None}


def rule(error: jsonschema_rs.ValidationError) -> str:
    """Return the broken rule as a sentence, without the value: that may be personal data, or very long."""
    name = error.kind.name
    return _RULES[name](error.kind) if name in _RULES else f"must keep the rule {name} of its schema"


def keyword(error: jsonschema_rs.ValidationError) -> str:
    """Return the broken keyword of the schema, such as `maximum`."""
    return str(error.kind.name)


def _names(values: list[Any]) -> str:
    return ", ".join(str(value) for value in values)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
