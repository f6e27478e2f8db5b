"""The schema of worlds: `openapi/world.yaml`, compiled into a validator for each type of record."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from typing import Any, NamedTuple

import jsonschema_rs

from ..schema_messages import first_error, keyword, rule
from ..spec import document, reference_name, resolve

WORLD = "world.yaml"
ROOT = "World"
"""The type of the whole document; the names of the others stand in `$defs`."""


class Violation(NamedTuple):
    """A broken rule, and the path within the value at which it is broken."""

    path: tuple[str | int, ...]
    rule: str


@dataclass(frozen=True)
class RecordType:
    """A type of record of a world document: a World, an Account, a Key, a Service or a Binding."""

    schema: Mapping[str, Any]
    validator: jsonschema_rs.Draft202012Validator
    children: Mapping[str, str]
    """The types of its child records, by the name of their list."""

    def violation(self, value: Any) -> Violation | None:
        """Return the first violation of a value, or None. Child records have validators of their own."""
        error = first_error(self.validator, self.schema, value)
        return None if error is None else Violation(tuple(error.instance_path), self._rule(error))

    def without_children(self, value: Mapping[str, Any]) -> dict[str, Any]:
        """Return a value with its lists of child records, empty."""
        return {**value, **{name: [] for name in self.children}}

    def _rule(self, error: jsonschema_rs.ValidationError) -> str:
        if keyword(error) != "oneOf":
            return rule(error)
        choices = [name for choice in self.schema["oneOf"] for name in choice["required"]]
        return f"must hold {' or '.join(choices)}, and only one of them"


@cache
def record_types() -> dict[str, RecordType]:
    """Return the record types by their names."""
    world = document(WORLD)
    return {
        name: _record_type(schema) for name, schema in {ROOT: world, **world["$defs"]}.items() if "properties" in schema
    }


def _record_type(schema: Mapping[str, Any]) -> RecordType:
    children = {
        name: reference
        for name, own in schema["properties"].items()
        if (reference := reference_name(own.get("items", {})))
    }
    whole = resolve(schema, WORLD)
    validator = jsonschema_rs.Draft202012Validator(whole, validate_formats=True, formats={"date-time": _is_time})
    return RecordType(whole, validator, children)


@lru_cache(1000)  # neighbouring Bindings are often of the same second
def _is_time(text: str) -> bool:
    # stricter than the format: no leap second, which many clients cannot read, and no year 0
    with suppress(ValueError):
        datetime.fromisoformat(text)
        return True
    return False
