"""Token buckets: a rate limit for each of many keys, by GCRA."""

import hashlib
import math

from throttled import MemoryStore, Quota, RateLimiterType, Throttled

from ..errors import ApiError

_KEPT = 32_768
"""Keys in the store, in some 15 MB; beyond it the least recently used one is dropped."""


def key(*parts: str) -> str:
    """Hash texts of any length to a key of a fixed length."""
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=16).hexdigest()


def memory() -> MemoryStore:
    """Make a bounded store of a number by key."""
    return MemoryStore(options={"MAX_SIZE": _KEPT})


class Limit:
    """A limit by key: the quota's burst at once, then its rate (GCRA)."""

    def __init__(self, quota: Quota) -> None:
        self._between = quota.emission_interval
        self._limiter = Throttled(using=RateLimiterType.GCRA.value, quota=quota, store=memory())

    def left(self, key: str) -> int:
        """Return how many events a key has left at this moment."""
        return self._limiter.peek(key).remaining

    def count(self, key: str) -> bool:
        """Count an event and return True; return False, and count nothing, where the limit is reached."""
        return not self._limiter.limit(key).limited

    def wait(self, key: str) -> int:
        """Return the whole seconds until the next event is allowed, at least one."""
        state = self._limiter.peek(key)
        # not `retry_after`, which `peek` computes wrongly
        return max(math.ceil(state.reset_after - (state.limit - 1) * self._between), 1)


def too_many_requests(seconds: int) -> ApiError:
    """Make the 429 error with a `Retry-After` in seconds."""
    return ApiError("too_many_requests", {"Retry-After": str(seconds)})
