"""Whether deleted data is erased from the database's files in time: a log line, and a metric."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from ...storage.interface import Storage, StorageUnavailable

log = logging.getLogger(__name__)

LOOK_EVERY = 60.0
"""Seconds between looks at when it was last done."""

_OVERDUE = timedelta(days=25)
"""After which it is overdue: five days before the end of the retention that the contract allows."""

_SAY_EVERY = timedelta(days=1)


class Erasures:
    """Reads when deleted data was last erased, and says so."""

    def __init__(self, storage: Storage, note: Callable[[float], object]) -> None:
        """`note` is called with the time, as seconds since 1970."""
        self._storage = storage
        self._note = note
        self._said = datetime.min.replace(tzinfo=UTC)

    async def look(self) -> None:
        """Look once."""
        try:
            erased_at = datetime.fromisoformat(await self._storage.erased_at())
        except StorageUnavailable as error:
            log.debug("unknown when deleted data was last erased: %s", error)
            return
        self._note(erased_at.timestamp())
        now = datetime.now(UTC)
        if now - erased_at >= _OVERDUE and now - self._said >= _SAY_EVERY:
            log.warning(
                "erasure is overdue: deleted data was last erased from the database's files at %s: "
                "run `chat-bindings database erase`",
                f"{erased_at:%Y-%m-%dT%H:%M:%SZ}",
            )
            self._said = now
