"""Routing from the specs, with one route a path, which knows the path's methods for `Allow` and preflights."""

import re
from collections import defaultdict
from collections.abc import Awaitable
from typing import Any, NamedTuple

from connexion.frameworks.starlette import starlettify_path
from connexion.middleware.abstract import AbstractRoutingAPI, SpecMiddleware
from connexion.operations.abstract import AbstractOperation
from connexion.spec import Specification
from starlette.convertors import PathConvertor
from starlette.routing import compile_path
from starlette.types import ASGIApp, Receive, Scope, Send

from ..errors import ApiError, shorten
from ..http.target import PERCENT
from ..request import REQUEST
from .stage import next_of


class RoutedOperation(NamedTuple):
    """An operation, and the next stage's app for it."""

    next_app: ASGIApp
    operation_id: str


class PathItem:
    """The operations of one path, by method."""

    def __init__(self) -> None:
        self.operations: dict[str, RoutedOperation] = {}

    def find(self, method: str) -> RoutedOperation | None:
        """Find the operation of a method; HEAD has that of GET."""
        return self.operations.get("GET" if method == "HEAD" else method)

    @property
    def allow(self) -> str:
        """Return the value of `Allow`: the path's methods, HEAD beside GET, and OPTIONS for preflights."""
        methods = []
        for method in self.operations:
            methods += ["GET", "HEAD"] if method == "GET" else [method]
        return ", ".join([*methods, "OPTIONS"])

    async def answer(self, scope: Scope, send: Send) -> None:
        """Answer a method without an operation: a preflight, or 405."""
        if scope["method"] == "OPTIONS" and (headers := _preflight(scope, self.allow)):
            await send({"type": "http.response.start", "status": 204, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
            return
        # OPTIONS is for preflights alone: a 405 to any other OPTIONS must not list it
        allowed = self.allow.removesuffix(", OPTIONS") if scope["method"] == "OPTIONS" else self.allow
        raise ApiError("method_not_allowed", {"Allow": allowed}, method=shorten(scope["method"]), allowed=allowed)


def _preflight(scope: Scope, allowed: str) -> list[tuple[bytes, bytes]]:
    sent = dict(scope["headers"])
    if b"access-control-request-method" not in sent:
        return []
    return [
        (b"access-control-allow-methods", allowed.encode()),
        (b"access-control-allow-headers", sent.get(b"access-control-request-headers", b"Authorization")),
        (b"access-control-max-age", b"600"),
        (b"vary", b"Access-Control-Request-Headers"),
    ]


class RoutingAPI(AbstractRoutingAPI[RoutedOperation]):
    """The routes of one spec."""

    def __init__(self, specification: Specification, *, next_app: ASGIApp, **kwargs: Any) -> None:
        self._next_app = next_app
        self.items: dict[str, PathItem] = {}
        super().__init__(specification, **kwargs)

    def make_operation(self, operation: AbstractOperation) -> RoutedOperation:
        return RoutedOperation(next_of(self._next_app, self.base_path, operation), operation.operation_id)

    @staticmethod
    def _framework_path_and_name(operation: AbstractOperation, path: str) -> tuple[str, str]:
        return starlettify_path(path, operation.get_path_parameter_types()), path

    def _add_operation_internal(
        self,
        method: str,
        path: str,
        operation: RoutedOperation,
        name: str | None = None,  # noqa: ARG002 - as Connexion calls it
    ) -> None:
        item = self.items.setdefault(f"{self.base_path}{path}", PathItem())
        item.operations[method.upper()] = operation


class Routing(SpecMiddleware):
    """The stage that finds the operation of a request. Paths match exactly, without redirects."""

    def __init__(self, app: ASGIApp, otherwise: ASGIApp | None = None) -> None:
        """Pass requests that match no path to `otherwise`."""
        self.app = app
        self._otherwise = otherwise
        self._routes: dict[int, list[tuple[re.Pattern[str], PathItem]]] = defaultdict(list)
        """The routes by the number of slashes in their paths: no parameter holds one."""

    def add_api(self, specification: Specification, **kwargs: object) -> None:
        api = RoutingAPI(specification, next_app=self.app, **kwargs)
        for path, item in api.items.items():
            pattern, _, convertors = compile_path(path)
            if any(isinstance(convertor, PathConvertor) for convertor in convertors.values()):
                raise NotImplementedError(f"{path}: parameters that hold slashes are not implemented")
            self._routes[path.count("/")].append((pattern, item))

    def __call__(  # type: ignore[override]  # awaited all the same
        self, scope: Scope, receive: Receive, send: Send
    ) -> Awaitable[None]:
        if scope["type"] != "http":
            return self.app(scope, receive, send)
        path, raw_path = scope["path"], scope["raw_path"]
        # an encoded slash belongs to a segment and separates none
        if PERCENT not in raw_path or b"%2f" not in raw_path.lower():
            for pattern, item in self._routes.get(path.count("/"), ()):
                # not `match`, whose `$` accepts a line feed
                if match := pattern.fullmatch(path):
                    scope["path_params"] = match.groupdict()
                    operation = item.find(scope["method"])
                    if operation is None:
                        return item.answer(scope, send)
                    scope[REQUEST].operation_id = operation.operation_id
                    return operation.next_app(scope, receive, send)
        if self._otherwise is None:
            raise ApiError("not_found")
        return self._otherwise(scope, receive, send)
