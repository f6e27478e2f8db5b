"""Schemas: checked by Connexion's own validator (jsonschema), and told in the service's words."""

import re
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

from connexion.json_schema import Draft4RequestValidator
from jsonschema import Draft4Validator, ValidationError
from jsonschema.validators import extend

from chat_bindings.service.errors import Fault
from chat_bindings.service.rules import rule


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[ValidationError]:
    # in ECMA 262, whose patterns a spec has, `$` is the end; in Python a line feed may follow it
    if validator.is_type(instance, "string") and not re.search(re.sub(r"\$$", r"\\Z", pattern), instance):
        yield ValidationError("pattern")


_Validator = extend(Draft4RequestValidator, {"pattern": _pattern})


def broken(schema: Any, value: Any) -> ValidationError | None:
    """The first rule of a schema that a value breaks."""
    return next(_Validator(schema, format_checker=Draft4Validator.FORMAT_CHECKER).iter_errors(value), None)


def sentence(error: ValidationError) -> str:
    """The rule as the service says it: `rule` wants an error of jsonschema-rs, which names the same differently."""
    limit = error.validator_value
    kind = {
        "name": error.validator, "limit": limit, "options": limit, "format": limit, "pattern": limit,
        "types": [limit], "property": limit,
    }  # fmt: skip
    return rule(SimpleNamespace(kind=SimpleNamespace(**kind)))


def refuse_body(schema: Any, body: Any) -> None:
    """Raise the fault of the first rule that a body breaks."""
    if (error := broken(schema, body)) is None:
        return
    if error.validator == "required":
        missing = next(name for name in error.validator_value if name not in error.instance)
        raise Fault("invalid_parameter", parameter=missing, rule="is missing: it is required")
    name = str(error.absolute_path[0]) if error.absolute_path else "The body"
    raise Fault("invalid_parameter", parameter=name, rule=sentence(error))
