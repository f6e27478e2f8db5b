"""What of a request and its answer may be told to anybody: bounded in number, and never personal data."""

from typing import Any

from connexion.middleware.abstract import ROUTING_CONTEXT
from starlette.types import Scope

from ...spec import METHODS

_METHODS = frozenset(method.upper() for method in METHODS)

OTHER = "_OTHER"
"""Any method that HTTP does not know, as OpenTelemetry's conventions have it."""


def method_of(scope: Scope) -> str:
    """A request's method: a client may send any word for one."""
    method: str = scope["method"]
    return method if method in _METHODS else OTHER


def notes_of(scope: Scope) -> dict[str, Any]:
    """Where routing will note a request's operation: made before the scope is copied, so that all copies have it."""
    notes: dict[str, Any] = scope.setdefault("extensions", {})
    return notes


def operation_of(notes: dict[str, Any]) -> str:
    """The operationId of what was asked; empty for what is no operation."""
    operation: str = notes.get(ROUTING_CONTEXT, {}).get("operation_id") or ""
    return operation
