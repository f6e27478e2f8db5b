"""What a worker counts, in files of a folder that all workers share. No label holds a path, a SID or personal data."""

from collections.abc import Awaitable
from time import perf_counter
from typing import TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..storage.interface import StorageDamaged, StorageUnavailable
from .outcome import method_of, notes_of, operation_of
from .protocol import ON_MALFORMED

T = TypeVar("T")

NO_OPERATION = "none"
"""The operation of what is for none, and the status of what was not answered."""

_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds. A fetch takes less than the first of them; a database that is away, a few of the last."""

_ERRORS = {StorageUnavailable: "unavailable", StorageDamaged: "damaged"}
_OTHER_ERROR = "other"


class Metrics:
    """The metrics of one worker; see `exposition` for the sum of all."""

    def __init__(self) -> None:
        registry = CollectorRegistry()
        self.requests = Histogram(
            "chat_bindings_request_duration_seconds",
            "Seconds that requests took; their count is the number of requests.",
            ["operation_id", "method", "status"],
            buckets=_BUCKETS,
            registry=registry,
        )
        self.in_flight = Gauge(
            "chat_bindings_requests_in_flight",
            "Requests that are being answered.",
            multiprocess_mode="livesum",
            registry=registry,
        )
        self.malformed = Counter(
            "chat_bindings_malformed_requests", "Requests that were refused as no HTTP.", registry=registry
        )
        self.errors = Counter(
            "chat_bindings_database_errors", "Questions that the database failed.", ["error"], registry=registry
        )
        self.registered = Counter(
            "chat_bindings_registrations",
            "Registrations, of new Bindings (created) and of those that were there (updated).",
            ["outcome"],
            registry=registry,
        )
        self.deleted = Counter("chat_bindings_deletions", "Bindings that were deleted.", registry=registry)
        for error in (*_ERRORS.values(), _OTHER_ERROR):  # a rate begins at 0, not at the first of them
            self.errors.labels(error)
        self._outcomes = self.registered.labels("updated"), self.registered.labels("created")

    async def watch(self, question: str, work: Awaitable[T]) -> T:
        """Do what a storage does, and count what came of it."""
        try:
            result = await work
        except Exception as error:
            self.errors.labels(_ERRORS.get(type(error), _OTHER_ERROR)).inc()
            raise
        if question == "register" and isinstance(result, tuple):
            self._outcomes[result[1]].inc()
        elif question == "delete" and result:
            self.deleted.inc()
        return result


class Metering:
    """The stage that counts and times requests."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self._metrics = metrics
        self._series: dict[tuple[str, str, int], Histogram] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            scope["state"][ON_MALFORMED] = self._metrics.malformed.inc
            await self.app(scope, receive, send)
            return
        started, status, notes = perf_counter(), 0, notes_of(scope)

        def watch(message: Message) -> Awaitable[None]:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            return send(message)

        self._metrics.in_flight.inc()
        try:
            await self.app(scope, receive, watch)
        finally:
            self._metrics.in_flight.dec()
            self._one(operation_of(notes), method_of(scope), status).observe(perf_counter() - started)

    def _one(self, operation_id: str, method: str, status: int) -> Histogram:
        series = self._series.get((operation_id, method, status))
        if series is None:
            series = self._metrics.requests.labels(operation_id or NO_OPERATION, method, status or NO_OPERATION)
            self._series[operation_id, method, status] = series
        return series
