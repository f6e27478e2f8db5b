"""The stage of fault injection, for tests of clients: `serve --faults`.

It follows authentication: a request without credentials gets 401 as always, and no fault. Without the setting there is
no such stage, and no request can bring it back.
"""

import logging
from collections.abc import Awaitable, Mapping

from connexion.operations.abstract import AbstractOperation
from starlette.types import ASGIApp, Receive, Scope, Send

from ..errors import ApiError, encode_headers, send_error
from ..gate import Gate
from ..http.hang_up import hang_up, pause
from ..operations.stage import Stage, is_control
from ..request import Request
from .errors import choose_error
from .injector import NOTHING, Injector
from .prefer import VARY, format_preference, preferences
from .preferences import effective
from .responses import SpoiltResponse

log = logging.getLogger(__name__)


class InjectedOperation:
    """An operation whose requests can get faults."""

    def __init__(self, next_app: ASGIApp, operation_id: str, injector: Injector, gate: Gate | None) -> None:
        self._next_app = next_app
        self._operation_id = operation_id
        self._injector = injector
        self._gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        sent = preferences(scope["headers"])
        account_sid = Request.of(scope).account_sid
        injection, seconds = self._injector.decide(self._operation_id, scope["path_params"], account_sid, sent)
        if injection != NOTHING:
            Request.of(scope).fault = str(injection)
            log.info("fault injected into %s: %s", self._operation_id, injection)
        if seconds:
            if not await pause(scope, seconds):
                hang_up(scope)
                return
            if self._gate and not self._gate.is_current(Request.of(scope)):
                raise ApiError("service_unavailable")
        if injection.drop == "request":
            hang_up(scope)
            return
        response = SpoiltResponse(scope, send, _headers(sent), injection)
        if error := choose_error(injection, self._operation_id):
            example, headers = error
            await send_error(*example.render(scope, headers), response.send)
        else:
            await response.of(self._next_app, receive)


def _headers(sent: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    applied = ", ".join(format_preference(name, value) for name, value in effective(sent).items())
    headers = VARY | ({"Preference-Applied": applied} if applied else {})
    return encode_headers(headers)


class FaultInjection(Stage):
    """The stage that injects faults into requests."""

    def __init__(self, app: ASGIApp, *, injector: Injector, gate: Gate | None) -> None:
        super().__init__(app)
        self._injector = injector
        self._gate = gate
        if injector.by_request:
            log.warning("FAULTS ARE ON: requests with credentials can request faults (Prefer: code=..., delay=...)")
        for index, rule in enumerate(injector.rules):
            log.warning("  rule %d: %s", index, rule)

    def wrap(self, operation: AbstractOperation, next_app: ASGIApp) -> ASGIApp:
        if is_control(operation):
            return next_app
        injector = self._injector
        inject = InjectedOperation(next_app, operation.operation_id, injector, self._gate)
        # a method: calling an object would cost as much as this stage again
        proceed: ASGIApp = next_app.__call__  # type: ignore[operator]  # functions have it

        def choose(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
            return proceed(scope, receive, send) if injector.is_idle else inject(scope, receive, send)

        return choose
