"""Rate limits: how many requests of an account are answered."""

from collections.abc import Awaitable
from typing import Any

from connexion.middleware.abstract import RoutedMiddleware
from connexion.operations.abstract import AbstractOperation
from connexion.spec import Specification
from starlette.types import ASGIApp, Receive, Scope, Send
from throttled.rate_limiter import per_sec

from ..operations.stage import CompiledStageAPI
from ..request import arguments_of
from ..settings import CONTROL
from .token_bucket import Limit, too_many_requests


class LimitedOperation:
    """An operation that an account may not ask for more often than the limit, all operations together."""

    def __init__(self, next_app: ASGIApp, limit: Limit) -> None:
        self._next_app = next_app
        self._limit = limit

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        account_sid = arguments_of(scope)["account_sid"]
        if not self._limit.count(account_sid):
            raise too_many_requests(self._limit.wait(account_sid))
        return self._next_app(scope, receive, send)


class RateLimitAPI(CompiledStageAPI):
    """The operations of one spec."""

    def __init__(self, *args: Any, limit: Limit, **kwargs: Any) -> None:
        self._limit = limit
        super().__init__(*args, **kwargs)

    def make_operation(self, operation: AbstractOperation) -> ASGIApp:
        following = self.following(operation)
        is_limited = operation.security and self.base_path != CONTROL
        return LimitedOperation(following, self._limit) if is_limited else following


class RateLimit(RoutedMiddleware[RateLimitAPI]):
    """The stage that refuses what an account asks for too often. It stands behind the one that finds out who asks."""

    api_cls = RateLimitAPI

    def __init__(self, app: ASGIApp, *, requests_a_second: int) -> None:
        super().__init__(app)
        self._limit = Limit(per_sec(requests_a_second, burst=requests_a_second))

    def add_api(self, specification: Specification, **kwargs: Any) -> RateLimitAPI:
        return super().add_api(specification, limit=self._limit, **kwargs)
