"""Preferences by which a request injects faults into itself: `Prefer: code=429, retry-after=2`."""

import re
from collections.abc import Mapping
from functools import cache

import jsonschema_rs

from ...schema_messages import first_error, rule
from ...spec import Json
from ..errors import ApiError
from .errors import check_injection
from .prefer import VARY
from .rules import Injection
from .schemas import injection_schema

_NO_RULES = {"faults": "off"}

_NUMBER = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,15})?", re.ASCII)
_BOOLEANS = {"": True, "true": True, "false": False}


def _preference(name: str) -> str:
    return name.replace("_", "-")


def _value(text: str, kind: str) -> Json:
    """Parse a value of a JSON type; a text of another form stays one, which the schema refuses."""
    if kind == "boolean":
        return _BOOLEANS.get(text.lower(), text)
    if kind in ("integer", "number") and _NUMBER.fullmatch(text):
        return float(text) if "." in text else int(text)
    return text


@cache
def _validator() -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(injection_schema())


def requested_injection(sent: Mapping[str, str], operation_id: str) -> Injection | None:
    """Return the injection that a request's preferences describe; None without any.

    Raises `ApiError("invalid_parameter")` for an invalid value. RFC 7240 would ignore it; but a test that expects an
    error and misspells it would then pass for another reason.
    """
    properties = injection_schema()["properties"]
    values = {
        name: _value(sent[_preference(name)], own["type"])
        for name, own in properties.items()
        if _preference(name) in sent
    }
    if not values:
        return None
    if error := first_error(_validator(), injection_schema(), values):
        raise _refuse(next(iter(error.instance_path), None), rule(error))
    injection = Injection.of(values)
    if wrong := check_injection(injection, operation_id):
        raise _refuse(*wrong)
    return injection


def declines_rules(sent: Mapping[str, str]) -> bool:
    """Return whether a request is exempt from the rules: `Prefer: faults=off`."""
    return sent.items() >= _NO_RULES.items()


def effective(sent: Mapping[str, str]) -> dict[str, str]:
    """Select the preferences that took effect, for `Preference-Applied`."""
    known = {name: value for name, value in sent.items() if name in map(_preference, injection_schema()["properties"])}
    return known | (_NO_RULES if declines_rules(sent) else {})


def _refuse(name: str | int | None, sentence: str) -> ApiError:
    parameter = "Prefer" if name is None else f"The preference {_preference(str(name))}"
    return ApiError("invalid_parameter", VARY, parameter=parameter, rule=sentence)
