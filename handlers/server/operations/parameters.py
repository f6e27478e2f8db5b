"""Parameters: compiled from the specs at start-up, parsed and validated on each request."""

import re
from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

import jsonschema_rs
from connexion.decorators.parameter import pythonic
from starlette.types import Scope

from ...schema_messages import first_error, keyword, rule
from ...spec import Json
from ..errors import ApiError, shorten
from ..http.target import PERCENT, has_broken_escape, percent_decode

_INTEGER = re.compile(r"-?[0-9]+", re.ASCII)
_PLUS = ord("+")
_LONGEST_INTEGER = 18
"""Digits of an integer beyond which its value no longer matters: it is out of every bound."""

_MOST = 1000
"""Parameters of a query, or fields of a form, at most: five times as many as any operation takes."""

_NAMED = {"query": "parameters", "form": "fields"}


def validator(schema: Json) -> jsonschema_rs.Draft4Validator:
    """Compile an OpenAPI 3.0 schema (without `nullable`, which requests do not have)."""
    return jsonschema_rs.Draft4Validator(schema, validate_formats=True)


def pairs(encoded: bytes, kind: str) -> Iterator[tuple[str, str]]:
    """Parse the names and values of a query or a form, in which a `+` is a space.

    Raises `ApiError("invalid_parameter")` for broken percent-encoding, for invalid UTF-8, and for too many pairs;
    `kind` is `query` or `form`.
    """
    if encoded.count(b"&") >= _MOST:
        raise ApiError("invalid_parameter", parameter=f"The {kind}", rule=f"must have at most {_MOST} {_NAMED[kind]}")
    names = f"A name in the {kind}"
    for part in encoded.split(b"&"):
        if not part:
            continue
        if part.isascii() and PERCENT not in part and _PLUS not in part:
            text, _, rest = part.decode().partition("=")
            yield text, rest
        else:
            name, _, value = part.partition(b"=")
            decoded = _decode(name, names)
            yield decoded, _decode(value, decoded)


def _decode(encoded: bytes, what: str) -> str:
    if _PLUS in encoded:
        encoded = encoded.replace(b"+", b" ")
    if PERCENT in encoded:
        if has_broken_escape(encoded):
            rule = "must be percent-encoded: each % needs two hexadecimal digits after it"
            raise ApiError("invalid_parameter", parameter=shorten(what), rule=rule)
        encoded = percent_decode(encoded, broken=False)
    try:
        return encoded.decode()
    except UnicodeDecodeError:
        raise ApiError("invalid_parameter", parameter=shorten(what), rule="must be UTF-8, percent-encoded") from None


last: Callable[[Sequence[str]], str] = itemgetter(-1)
"""Takes the last of the texts that were sent for a name."""


def coercer(schema: Json) -> Callable[[Sequence[str]], Any]:
    """Make a function from the texts sent for a name to a value: of all of them for an array, else of the last."""
    if schema.get("type") == "array":
        one = coercer(schema["items"])
        return list if one is last else lambda values: [one((value,)) for value in values]
    return _last_as_integer if schema.get("type") == "integer" else last


def _last_as_integer(values: Sequence[str]) -> int | str:
    """Parse the last text as an integer of ASCII digits; any other stays a text, which the schema refuses."""
    text: str = values[-1]
    if not _INTEGER.fullmatch(text):
        return text
    digits = text.lstrip("-0")  # Python refuses to read more than 4,300 of them, and zeros count
    if len(digits) > _LONGEST_INTEGER:
        huge: int = 10**_LONGEST_INTEGER
        return -huge if text.startswith("-") else huge
    number = int(digits or "0")
    return -number if text.startswith("-") else number


class Parameter:
    """One parameter of an operation."""

    def __init__(self, definition: Json) -> None:
        self.name: str = definition["name"]
        self.argument: str = pythonic(self.name)
        self.schema: Json = definition["schema"]
        self.coerce = coercer(self.schema)
        self.is_text = self.schema.get("type") == "string"
        self._validator = validator(self.schema)
        self.is_valid = self._validator.is_valid
        self._errors: dict[str, str] = definition.get("x-errors", {})

    def parse(self, values: Sequence[str]) -> Any:
        """Parse and validate the value. Raises the `ApiError` that the spec names for the broken rule."""
        value = self.coerce(values)
        if not self.is_valid(value) and (error := first_error(self._validator, self.schema, value)):
            kind = self._errors.get(keyword(error), "invalid_parameter")
            raise ApiError(kind, parameter=self.name, rule=rule(error))
        return value


class Parameters(NamedTuple):
    """The parameters of an operation, in the path and in the query."""

    path: Sequence[Parameter]
    query: dict[str, Parameter]
    defaults: dict[str, Any]

    @classmethod
    def compile(cls, definitions: Sequence[Json]) -> "Parameters":
        """Compile the parameters of an operation, whose references are resolved."""
        unknown = {definition["in"] for definition in definitions} - {"path", "query"}
        if unknown:
            raise NotImplementedError(f"parameters in {', '.join(sorted(unknown))} are not implemented")
        path = [Parameter(definition) for definition in definitions if definition["in"] == "path"]
        query = [Parameter(definition) for definition in definitions if definition["in"] == "query"]
        defaults = {each.argument: each.schema["default"] for each in query if "default" in each.schema}
        return cls(path, {each.name: each for each in query}, defaults)

    def parse(self, scope: Scope, arguments: dict[str, Any]) -> None:
        """Parse a request's parameters into the handler's arguments. A malformed SID in the path is a 404."""
        arguments.update(self.defaults)
        sent: dict[str, str] = scope["path_params"]
        for parameter in self.path:
            value = sent[parameter.name] if parameter.is_text else parameter.coerce((sent[parameter.name],))
            if not parameter.is_valid(value):
                raise ApiError("not_found")
            arguments[parameter.argument] = value
        if query := scope["query_string"]:
            for name, values in self._parse_query(query).items():
                parameter = self.query[name]
                arguments[parameter.argument] = parameter.parse(values)

    def _parse_query(self, query: bytes) -> dict[str, list[str]]:
        sent: dict[str, list[str]] = {}
        for name, value in pairs(query, "query"):
            if name not in self.query:
                known = ", ".join(self.query) or "none"
                raise ApiError(
                    "unknown_parameter", parameter=shorten(name) or "A parameter without a name", known=known
                )
            sent.setdefault(name, []).append(value)
        return sent
