"""Token buckets: a limit on how often something may happen, for each of many keys."""

import hashlib
import math

from throttled import MemoryStore, Quota, RateLimiterType, Throttled

from ..errors import ApiError

_KEPT = 32_768
"""How many keys are remembered, in some 15 MB; of more the one that was seen least recently is forgotten."""


def key(*parts: str) -> str:
    """Make a key of one size of texts of any size."""
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=16).hexdigest()


def memory() -> MemoryStore:
    """Make a store of a number for each of a bounded number of keys."""
    return MemoryStore(options={"MAX_SIZE": _KEPT})


class Limit:
    """How often something may happen for each key: as often as the quota's burst at once, then at its rate (GCRA)."""

    def __init__(self, quota: Quota) -> None:
        self._between = quota.emission_interval
        self._limiter = Throttled(using=RateLimiterType.GCRA.value, quota=quota, store=memory())

    def left(self, key: str) -> int:
        """Return how many times it may happen at once."""
        return self._limiter.peek(key).remaining

    def count(self, key: str) -> bool:
        """Count that it happened, or is about to. False, and not counted, when it must not."""
        return not self._limiter.limit(key).limited

    def wait(self, key: str) -> int:
        """Return the whole seconds until it may happen again, at least one."""
        state = self._limiter.peek(key)
        # not `retry_after`, which a look without a try gets wrong
        return max(math.ceil(state.reset_after - (state.limit - 1) * self._between), 1)


def too_many_requests(seconds: int) -> ApiError:
    """Return the error with a `Retry-After` of so many seconds."""
    return ApiError("too_many_requests", {"Retry-After": str(seconds)})
