"""A broken schema as a sentence: "must be one of apn, gcm, fcm"."""

from collections.abc import Callable
from typing import Any

import jsonschema_rs

from .specification import sentences

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


def rule(error: jsonschema_rs.ValidationError) -> str:
    """The rule that was broken, without the value that broke it: it may be personal data, or very long."""
    name = error.kind.name
    return _RULES[name](error.kind) if name in _RULES else f"must keep the rule {name} of its schema"


def keyword(error: jsonschema_rs.ValidationError) -> str:
    """The keyword of the schema that was broken, such as `maximum`."""
    return str(error.kind.name)


def _names(values: list[Any]) -> str:
    return ", ".join(str(value) for value in values)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
