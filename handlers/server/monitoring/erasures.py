"""Monitoring of erasure: the time of the last one as a metric, and a log line where it is overdue."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from ...storage.interface import Storage, StorageUnavailable

log = logging.getLogger(__name__)

CHECK_EVERY = 60.0
"""Seconds between checks."""

_OVERDUE = timedelta(days=25)
"""The age at which an erasure is overdue: five days before the end of the contract's retention."""

_LOG_EVERY = timedelta(days=1)


class Erasures:
    """Reports the time of the last erasure."""

    def __init__(self, storage: Storage, note: Callable[[float], object]) -> None:
        """Report to `note`, in seconds since 1970."""
        self._storage = storage
        self._note = note
        self._logged = datetime.min.replace(tzinfo=UTC)

    async def check(self) -> None:
        """Report once; log an overdue erasure once a day."""
        try:
            erased_at = datetime.fromisoformat(await self._storage.erased_at())
        except StorageUnavailable as error:
            log.debug("the time of the last erasure is unknown: %s", error)
            return
        self._note(erased_at.timestamp())
        now = datetime.now(UTC)
        if now - erased_at >= _OVERDUE and now - self._logged >= _LOG_EVERY:
            log.warning(
                "erasure is overdue: deleted data was last erased from the database's files at %s: "
                "run `chat-bindings database erase`",
                f"{erased_at:%Y-%m-%dT%H:%M:%SZ}",
            )
            self._logged = now
