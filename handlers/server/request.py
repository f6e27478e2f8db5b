"""Requests: the facts that the stages collect about each one."""

from time import perf_counter
from typing import Any

from starlette.types import Scope

from ..spec import METHODS

REQUEST = "chat_bindings.request"
"""The key of a scope's request. The stages that each request passes look it up without a call."""

_METHODS = frozenset(method.upper() for method in METHODS)

OTHER = "_OTHER"
"""The label of a method that HTTP does not define, by OpenTelemetry's conventions."""


class Request:
    """The facts about one request. Stages set them; dispatch passes a handler those that its signature names."""

    __slots__ = ("_sent", "account_sid", "arguments", "arrived", "fault", "headers", "operation_id")

    def __init__(self, scope: Scope) -> None:
        self.arrived = perf_counter()
        """The time of its arrival."""
        self._sent: list[tuple[bytes, bytes]] = scope["headers"]
        self.headers: dict[bytes, bytes] = dict(self._sent)
        """The headers by their names in lower case; the last of a repeated one."""
        self.operation_id = ""
        """The id of its operation, set by routing; empty without one."""
        self.account_sid = ""
        """The SID of its account, set by authentication."""
        self.fault: str | None = None
        """Its injected fault."""
        self.arguments: dict[str, Any] = {}
        """Its parameters by their names in Python, and its `body`."""

    @classmethod
    def of(cls, scope: Scope) -> "Request":
        """Return the request of a scope, and make it for the first that asks: a stage around the envelope may be."""
        request: Request | None = scope.get(REQUEST)
        if request is None:
            request = scope[REQUEST] = cls(scope)
        return request

    def header(self, name: bytes) -> bytes | None:
        """Return a header by its name in lower case; None where it is missing. Raises `Repeated`."""
        value = self.headers.get(name)
        if len(self.headers) != len(self._sent) and sum(each == name for each, _ in self._sent) > 1:
            raise Repeated
        return value


class Repeated(Exception):
    """A header that may be sent once was repeated."""


def method_label(scope: Scope) -> str:
    """Return the method for metrics and traces: one of HTTP's, or `OTHER`, since a client may send any word."""
    method: str = scope["method"]
    return method if method in _METHODS else OTHER
