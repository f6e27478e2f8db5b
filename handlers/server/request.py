"""What the stages find out about a request, in its scope."""

from typing import Any

from starlette.types import Scope

_ARGUMENTS = "chat_bindings.arguments"
_HEADERS = "chat_bindings.headers"

FAULT = "chat_bindings.fault"
"""The entry of a scope that says what a fault did to the request."""

FOUND_OUT = ("account_sid", "origin")
"""What the stages add to the arguments, beside what the spec has: each handler gets what it has a parameter for."""


def arguments_of(scope: Scope) -> dict[str, Any]:
    """The arguments for the request's handler, by name. The stages fill it."""
    arguments: dict[str, Any] = scope[_ARGUMENTS]
    return arguments


def begin(scope: Scope) -> dict[bytes, bytes]:
    """Prepare a scope for the stages: the request's headers, by name; of one that came twice the last."""
    scope[_ARGUMENTS] = {}
    headers: dict[bytes, bytes] = dict(scope["headers"])
    scope[_HEADERS] = headers
    return headers


def header(scope: Scope, name: bytes) -> bytes | None:
    """The value of a header, whose name is in small letters; None where it is missing. Raises `Repeated`."""
    headers: dict[bytes, bytes] = scope[_HEADERS]
    value = headers.get(name)
    if len(headers) != len(scope["headers"]) and sum(each == name for each, _ in scope["headers"]) > 1:
        raise Repeated
    return value


class Repeated(Exception):
    """A header that may come once came more often."""
