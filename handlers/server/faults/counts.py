"""Counts of requests by rule, shared by all workers, and the repeatable chance of each request."""

import fcntl
import os
import random
from pathlib import Path

_SIZE = 8
"""Bytes of a count."""


class Counts:
    """Counts in a file that all workers share: the same requests in the same order get the same numbers."""

    def __init__(self, file: Path) -> None:
        """Count in an existing file; an empty one holds no counts."""
        self._file = os.open(file, os.O_RDWR)

    def next(self, index: int) -> int:
        """Increase the count at an index and return it; the first is 1."""
        place = index * _SIZE
        fcntl.lockf(self._file, fcntl.LOCK_EX, _SIZE, place)
        try:
            number = int.from_bytes(os.pread(self._file, _SIZE, place), "big") + 1
            os.pwrite(self._file, number.to_bytes(_SIZE, "big"), place)
        finally:
            fcntl.lockf(self._file, fcntl.LOCK_UN, _SIZE, place)
        return number

    def of(self, index: int) -> int:
        """Return the count at an index."""
        return int.from_bytes(os.pread(self._file, _SIZE, index * _SIZE), "big")

    def clear(self) -> None:
        """Count from 1 again."""
        os.ftruncate(self._file, 0)


def chance(*of: object) -> float:
    """Return a number from 0 to below 1 that is the same for the same arguments."""
    return random.Random(repr(of)).random()  # noqa: S311 - it must be repeatable
