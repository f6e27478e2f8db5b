"""Rate limits: requests a second of one account."""

from collections.abc import Awaitable

from connexion.operations.abstract import AbstractOperation
from starlette.types import ASGIApp, Receive, Scope, Send
from throttled import per_sec

from ..operations.stage import Stage, is_control
from ..request import Request
from .token_bucket import Limit, too_many_requests


class LimitedOperation:
    """An operation that counts towards the limit of its account, which all operations share."""

    def __init__(self, next_app: ASGIApp, limit: Limit) -> None:
        self._next_app = next_app
        self._limit = limit

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        account_sid = Request.of(scope).account_sid
        if not self._limit.count(account_sid):
            raise too_many_requests(self._limit.wait(account_sid))
        return self._next_app(scope, receive, send)


class RateLimit(Stage):
    """The stage that answers 429 to an account over its limit. It follows authentication."""

    def __init__(self, app: ASGIApp, *, requests_a_second: int) -> None:
        super().__init__(app)
        self._limit = Limit(per_sec(requests_a_second, burst=requests_a_second))

    def wrap(self, operation: AbstractOperation, next_app: ASGIApp) -> ASGIApp:
        is_limited = operation.security and not is_control(operation)
        return LimitedOperation(next_app, self._limit) if is_limited else next_app
