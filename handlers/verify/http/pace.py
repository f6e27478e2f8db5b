"""The pace of a run: how many requests are under way at once, and the pauses that the target asks for."""

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

_FIRST = 8
"""Requests at once before anything is known of the target."""
_FORGOTTEN = 0.95
_MANY = 3.0
"""Answers that asked for a pause, each counting 5 % less with every answer since, beyond which all requests wait."""


class Pace:
    """Admits requests in their order: more at once to a quick target, fewer to one that throttles or is slow."""

    def __init__(self, most: int, slow: float) -> None:
        """Take the most requests at once, and the seconds from which an answer counts as slow."""
        self._most = most
        self._slow = slow
        self._limit = float(min(_FIRST, most))
        self._has_slowed = False
        self._slowed_at = 0.0
        self._under_way = 0
        self._paused_until = 0.0
        self._throttled = 0.0
        self._waiting: deque[threading.Event] = deque()
        self._lock = threading.Lock()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for the turn of a request, and count it as under way in the context."""
        admitted = threading.Event()
        with self._lock:
            self._waiting.append(admitted)
            self._admit()
        admitted.wait()
        began = time.monotonic()
        try:
            yield
        finally:
            with self._lock:
                self._under_way -= 1
                self._adapt(time.monotonic() - began)
                self._admit()

    def pause(self, seconds: float) -> None:
        """Wait as long as an answer asked; where many do, admit no other request meanwhile, and fewer at once then."""
        with self._lock:
            self._throttled += 1
            if self._throttled > _MANY:
                self._paused_until = max(self._paused_until, time.monotonic() + seconds)
                self._slow_down(seconds)
        time.sleep(seconds)
        with self._lock:
            self._admit()

    @property
    def pause_left(self) -> float:
        """Seconds until requests are admitted again."""
        return max(self._paused_until - time.monotonic(), 0.0)

    def _admit(self) -> None:
        while self._waiting and self._under_way < int(self._limit) and time.monotonic() >= self._paused_until:
            self._under_way += 1
            self._waiting.popleft().set()

    def _adapt(self, seconds: float) -> None:
        self._throttled *= _FORGOTTEN
        if seconds > self._slow:
            self._slow_down(seconds)
        else:
            self._limit = min(self._limit + (1 / self._limit if self._has_slowed else 1), self._most)

    def _slow_down(self, seconds: float) -> None:
        now = time.monotonic()
        if now - self._slowed_at >= seconds:  # those under way at the same time tell the same
            self._has_slowed, self._slowed_at = True, now
            self._limit = max(self._limit / 2, 1)
