"""The stage that counts and times requests, in plain numbers that it flushes to the metrics ten times a second."""

import asyncio
from bisect import bisect_left
from collections.abc import Awaitable
from time import perf_counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..http.refusals import ON_REFUSED
from ..request import Request, method_label
from .metrics import BUCKETS, Metrics

_EVERY = 0.1
"""Seconds between flushes: the greatest age of metrics, and the most that a kill loses."""

_NONE = "none"
"""The operation of a request without one, and the status of one without a response."""


class Series:
    """Counts of one kind of request since the last flush."""

    def __init__(self) -> None:
        self.counts = [0] * (len(BUCKETS) + 1)
        self.seconds = 0.0


class Metering:
    """The stage of metrics."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self._metrics = metrics
        self._in_flight = 0
        self._series: dict[tuple[str, str, int], Series] = {}
        self._is_due = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._live(scope, receive, send)
            return
        started, status = perf_counter(), 0
        self._in_flight += 1
        if not self._is_due:
            self._flush_soon()

        def watch(message: Message) -> Awaitable[None]:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            return send(message)

        try:
            await self.app(scope, receive, watch)
        finally:
            self._in_flight -= 1
            key = (Request.of(scope).operation_id, method_label(scope), status)
            series = self._series.get(key) or self._series.setdefault(key, Series())
            took = perf_counter() - started
            series.counts[bisect_left(BUCKETS, took)] += 1
            series.seconds += took
            if not self._is_due:
                self._flush_soon()

    async def _live(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["state"][ON_REFUSED] = self._metrics.refuse
        try:
            await self.app(scope, receive, send)
        finally:
            self._flush()

    def _flush_soon(self) -> None:
        self._is_due = True
        asyncio.get_running_loop().call_later(_EVERY, self._flush)

    def _flush(self) -> None:
        self._is_due = False
        self._metrics.in_flight.set(self._in_flight)
        taken, self._series = self._series, {}
        for (operation_id, method, status), series in taken.items():
            labels = operation_id or _NONE, method, status or _NONE
            self._metrics.requests.labels(*labels).add(series.counts, series.seconds)
