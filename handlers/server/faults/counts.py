"""Counts of requests by rule, shared by all workers, and the chance that follows from a seed."""

import fcntl
import os
import random
from pathlib import Path

_SIZE = 8
"""Bytes of a count."""


class Counts:
    """Counts in a file that all workers of a service share.

    So the same order of requests gets the same numbers, whichever worker each of them meets.
    """

    def __init__(self, file: Path) -> None:
        """`file` exists; an empty one has counted nothing yet."""
        self._file = os.open(file, os.O_RDWR)

    def next(self, index: int) -> int:
        """The next number of the count at an index, from 1."""
        place = index * _SIZE
        fcntl.lockf(self._file, fcntl.LOCK_EX, _SIZE, place)
        try:
            number = int.from_bytes(os.pread(self._file, _SIZE, place), "big") + 1
            os.pwrite(self._file, number.to_bytes(_SIZE, "big"), place)
        finally:
            fcntl.lockf(self._file, fcntl.LOCK_UN, _SIZE, place)
        return number

    def of(self, index: int) -> int:
        """The count at an index."""
        return int.from_bytes(os.pread(self._file, _SIZE, index * _SIZE), "big")

    def clear(self) -> None:
        """Count from 1 again."""
        os.ftruncate(self._file, 0)


def chance(*of: object) -> float:
    """A number from 0 to 1, without 1, that follows from what it is of."""
    return random.Random(repr(of)).random()  # noqa: S311 - it has to be foreseeable
