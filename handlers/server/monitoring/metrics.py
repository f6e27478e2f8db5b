"""Metrics of a worker, in files of a folder that all workers share. No label has a path, a SID or personal data."""

from collections.abc import Awaitable, Sequence
from typing import TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from ...storage.interface import StorageDamaged, StorageUnavailable
from ..http.refusals import MALFORMED, TOO_MANY

T = TypeVar("T")

BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds. A fetch takes less than the first bucket; an unavailable database, a few of the last ones."""

_WRITES = (1, 2, 4, 8, 16, 32, 64, 128)

_ERRORS = {StorageUnavailable: "unavailable", StorageDamaged: "damaged"}
_OTHER_ERROR = "other"


class BatchedHistogram(Histogram):
    """A histogram that takes observations in batches: one by one they cost as much as the request itself."""

    def add(self, counts: Sequence[int], total: float) -> None:
        """Add observations: their number in each bucket, and their sum."""
        self._sum.inc(total)
        for bucket, count in zip(self._buckets, counts, strict=True):
            if count:
                bucket.inc(count)


class Metrics:
    """The metrics of one worker; `exposition` adds up those of all."""

    def __init__(self) -> None:
        registry = CollectorRegistry()
        self.requests = BatchedHistogram(
            "chat_bindings_request_duration_seconds",
            "Seconds that requests took; their count is the number of requests.",
            ["operation_id", "method", "status"],
            buckets=BUCKETS,
            registry=registry,
        )
        self.in_flight = Gauge(
            "chat_bindings_requests_in_flight",
            "Requests that are being answered.",
            multiprocess_mode="livesum",
            registry=registry,
        )
        self.refusals = Counter(
            "chat_bindings_refusals",
            "Requests refused as malformed HTTP, or on a connection over the limit.",
            ["reason"],
            registry=registry,
        )
        self.errors = Counter(
            "chat_bindings_database_errors", "Calls of the database that failed.", ["error"], registry=registry
        )
        self.registered = Counter(
            "chat_bindings_registrations",
            "Registrations of new Bindings (created) and of existing ones (updated).",
            ["outcome"],
            registry=registry,
        )
        self.commits = Histogram(
            "chat_bindings_commit_writes", "Writes that shared a commit.", buckets=_WRITES, registry=registry
        )
        self.deleted = Counter("chat_bindings_deletions", "Bindings that were deleted.", registry=registry)
        self.erased = Gauge(
            "chat_bindings_last_erasure_timestamp_seconds",
            "When deleted data was last erased from the database's files; overdue after 25 days.",
            multiprocess_mode="max",
            registry=registry,
        )
        for error in (*_ERRORS.values(), _OTHER_ERROR):  # rates begin at 0, not at the first error
            self.errors.labels(error)
        for reason in (MALFORMED, TOO_MANY):
            self.refusals.labels(reason)
        self._outcomes = self.registered.labels("updated"), self.registered.labels("created")

    def refuse(self, reason: str) -> None:
        """Count a request that is refused before any stage."""
        self.refusals.labels(reason).inc()

    async def watch(self, method: str, work: Awaitable[T]) -> T:
        """Await a call of a storage, and count its result."""
        try:
            result = await work
        except Exception as error:
            self.errors.labels(_ERRORS.get(type(error), _OTHER_ERROR)).inc()
            raise
        if method == "register" and isinstance(result, tuple):
            self._outcomes[result[1]].inc()
        elif method == "delete" and result:
            self.deleted.inc()
        return result
