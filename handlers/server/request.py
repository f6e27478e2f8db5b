"""Requests: the facts that the stages find out about each one."""

from typing import Any

from starlette.types import Scope

from ..spec import METHODS

_KEY = "chat_bindings.request"

_METHODS = frozenset(method.upper() for method in METHODS)

OTHER = "_OTHER"
"""The label of any method that HTTP does not know, as OpenTelemetry's conventions have it."""


class Request:
    """The facts about one request. Stages fill them in; dispatch hands a handler those that its signature names."""

    __slots__ = ("_sent", "account_sid", "arguments", "fault", "generation", "headers", "operation_id")

    def __init__(self, scope: Scope) -> None:
        self._sent: list[tuple[bytes, bytes]] = scope["headers"]
        self.headers: dict[bytes, bytes] = dict(self._sent)
        """The headers by their names in lower case; of a header that came twice the last."""
        self.operation_id = ""
        """The operation that routing found; empty where there is none."""
        self.account_sid = ""
        """The account whose credentials authentication found right."""
        self.fault: str | None = None
        """The fault that was injected."""
        self.generation = 0
        """The number of resets before it arrived."""
        self.arguments: dict[str, Any] = {}
        """The parameters of the operation by the names that Python gives them, and its `body`."""

    @classmethod
    def of(cls, scope: Scope) -> "Request":
        """Return the request of a scope."""
        request: Request | None = scope.get(_KEY)
        if request is None:
            request = scope[_KEY] = cls(scope)
        return request

    def header(self, name: bytes) -> bytes | None:
        """Return a header by its name in lower case; None where it is missing. Raises `Repeated`."""
        value = self.headers.get(name)
        if len(self.headers) != len(self._sent) and sum(each == name for each, _ in self._sent) > 1:
            raise Repeated
        return value


class Repeated(Exception):
    """A header that may come once came more often."""


def method_label(scope: Scope) -> str:
    """Return the method for metrics and traces: one that HTTP knows, or `OTHER`, since a client may send any word."""
    method: str = scope["method"]
    return method if method in _METHODS else OTHER
