"""The stage of `serve --faults`: requests that are made to fail, so that clients can be tested against it.

It comes after authentication: whoever has no credentials gets 401 as ever, and can make nothing fail. Without the
setting there is no such stage, and nothing that a request says brings it back.
"""

import asyncio
import logging
from collections.abc import Mapping

from connexion.operations.abstract import AbstractOperation
from starlette.types import ASGIApp, Receive, Scope, Send

from ..errors import send_error
from ..http.hang_up import hang_up
from ..operations.stage import Stage
from .counts import Counts, chance
from .errors import forced
from .prefer import VARY, preferences, written
from .preferences import applied, asked_for, without_rules
from .responses import SpoiltResponse
from .rules import FaultRules, Injection

log = logging.getLogger(__name__)

_NOTHING = Injection()


class Injector:
    """Decides what becomes of each request: what it prefers itself, or else what the first rule says that takes it."""

    def __init__(self, faults: FaultRules) -> None:
        self._seed = faults.seed
        self._rules = faults.rules
        self._counts = Counts(faults.counts)

    def decide(self, operation_id: str, scope: Scope, sent: Mapping[str, str]) -> tuple[Injection, float]:
        """What becomes of a request with certain preferences, and how many seconds it waits before.

        Raises `ApiError("invalid_parameter")` for a preference that cannot be had.
        """
        wanted = asked_for(sent, operation_id)
        if wanted is not None:
            return self._timed(wanted, len(self._rules))
        if without_rules(sent):
            return _NOTHING, 0
        return self._by_rules(operation_id, scope["path_params"])

    def _by_rules(self, operation_id: str, in_path: Mapping[str, str]) -> tuple[Injection, float]:
        taken = []
        for index, rule in enumerate(self._rules):
            if rule.fits(operation_id, in_path):
                number = self._counts.next(index)
                if rule.takes(number, chance(self._seed, index, number, "takes")):
                    taken.append((rule.injection, index, number))
        return self._timed(*taken[0]) if taken else (_NOTHING, 0)

    def _timed(self, injection: Injection, index: int, number: int | None = None) -> tuple[Injection, float]:
        if not injection.jitter:
            return injection, injection.delay
        number = number or self._counts.next(index)
        return injection, injection.delay + injection.jitter * chance(self._seed, index, number, "waits")


class InjectedOperation:
    """An operation whose requests can be made to fail."""

    def __init__(self, next_app: ASGIApp, operation_id: str, injector: Injector) -> None:
        self._next_app = next_app
        self._operation_id = operation_id
        self._injector = injector

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        sent = preferences(scope["headers"])
        injection, seconds = self._injector.decide(self._operation_id, scope, sent)
        if injection != _NOTHING:
            log.info("forced on %s: %s", self._operation_id, injection)
        if seconds:
            await asyncio.sleep(seconds)
        if injection.drop == "request":
            hang_up(scope)
            return
        answer = SpoiltResponse(scope, send, _headers(sent), injection)
        if error := forced(injection, self._operation_id):
            example, headers = error
            await send_error(*example.rendered(scope, headers), answer.send)
        else:
            await answer.of(self._next_app, receive)


def _headers(sent: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    preferences_applied = ", ".join(written(name, value) for name, value in applied(sent).items())
    headers = VARY | ({"Preference-Applied": preferences_applied} if preferences_applied else {})
    return [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]


class FaultInjection(Stage):
    """The stage that makes requests fail."""

    def __init__(self, app: ASGIApp, *, faults: FaultRules) -> None:
        super().__init__(app)
        self._injector = Injector(faults)
        log.warning("FAULTS ARE ON: requests with credentials can make themselves fail (Prefer: code=..., delay=...)")
        for index, rule in enumerate(faults.rules):
            log.warning("  rule %d: %s", index, rule)

    def wrap(self, operation: AbstractOperation, next_app: ASGIApp) -> ASGIApp:
        return InjectedOperation(next_app, operation.operation_id, self._injector)
