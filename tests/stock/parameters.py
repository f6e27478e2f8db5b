"""Parameters: Connexion's URI parser and validator, corrected."""

import re
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import unquote_to_bytes

from connexion.lifecycle import ConnexionRequest
from connexion.uri_parsing import OpenAPIURIParser
from connexion.validators.parameter import ParameterValidator
from starlette.types import Scope

from chat_bindings.service.errors import Fault, shorten

from .schemas import broken, sentence


class WholeValues(OpenAPIURIParser):
    """Values as they were sent.

    Connexion's parser joins the values of an array by commas, to split them at commas again, so that `a,b` becomes two;
    in a form it does so with scalars too, of which the last should count. Its integers are Python's: `1_0`, ` 1`,
    Arabic digits.
    """

    def resolve_params(self, params: dict[str, Any], _in: str) -> dict[str, Any]:
        return {
            name: _value(self.param_schemas.get(name, {}), [values] if _in == "path" else values)
            for name, values in params.items()
        }

    def resolve_form(self, form_data: dict[str, list[str]]) -> dict[str, Any]:
        return {name: _value(self.form_defns.get(name, {}), values) for name, values in form_data.items()}


def _value(schema: Any, values: Sequence[str]) -> Any:
    if schema.get("type") == "array":
        return [_value(schema["items"], [value]) for value in values]
    if schema.get("type") == "integer" and (match := re.fullmatch("(-?)0*([0-9]+)", values[-1])):
        return int(match[1] + match[2][:20])  # twenty digits are out of every bound, as all of them are
    return values[-1]


class StrictParameters(ParameterValidator):
    """Refuses by name and rule, which Connexion's texts do not tell; what is no UTF-8, or not percent-encoded, too.

    Starlette puts replacement characters for what it cannot decode, and leaves a broken escape as it is.
    """

    def validate(self, scope: Scope) -> None:
        for _ in pairs(scope["query_string"], "query"):
            pass
        super().validate(scope)

    def validate_query_parameter_list(self, request: ConnexionRequest, security_params: Any = None) -> set[str]:
        if extra := super().validate_query_parameter_list(request, security_params):
            known = ", ".join(each["name"] for each in self.parameters["query"]) or "none"
            name = next(name for name in request.query_params if name in extra)
            raise Fault("unknown_parameter", parameter=shorten(name) or "A parameter without a name", known=known)
        return extra

    @staticmethod
    def validate_parameter(parameter_type: str, value: Any, param: dict[str, Any], param_name: object = None) -> None:
        error = None if value is None else broken(param["schema"], value)
        if error is None:
            return
        if parameter_type == "path":  # a malformed SID is one that does not exist
            raise Fault("not_found")
        fault = param.get("x-errors", {}).get(error.validator, "invalid_parameter")
        raise Fault(fault, parameter=param["name"], rule=sentence(error))


def pairs(encoded: bytes, kind: str) -> Iterator[tuple[str, str]]:
    """The names and values of a query or a form, read strictly; `kind` says of which."""
    for part in filter(None, encoded.split(b"&")):
        name, _, value = part.partition(b"=")
        decoded = _text(name, f"A name in the {kind}")
        yield decoded, _text(value, shorten(decoded))


def _text(encoded: bytes, what: str) -> str:
    if re.search(rb"%(?![0-9A-Fa-f]{2})", encoded):
        raise Fault("invalid_parameter", parameter=what, rule="must be percent-encoded")
    try:
        return unquote_to_bytes(encoded.replace(b"+", b" ")).decode()
    except UnicodeDecodeError:
        raise Fault("invalid_parameter", parameter=what, rule="must be UTF-8") from None
