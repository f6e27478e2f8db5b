"""Response times, measured so that differences between kinds of requests show in spite of noise."""

import gc
import math
import random
import time
from collections.abc import Mapping, Sequence
from statistics import NormalDist, median
from typing import NamedTuple

from . import raw


class Comparison(NamedTuple):
    """Two kinds of requests, compared by the ranks of their times (Mann-Whitney's U)."""

    deviations: float
    """The distance of U from its mean for equal kinds, in standard deviations."""

    shift: float
    """The difference of the medians, in microseconds."""

    def __str__(self) -> str:
        return f"{self.shift:+.2f} us, {self.deviations:+.1f} standard deviations"


def measure(url: str, kinds: Mapping[str, Sequence[bytes]], status: int) -> dict[str, list[int]]:
    """Measure the nanoseconds that the responses to each request of each kind take, over one kept connection.

    In random order, so that whatever else the machine does meanwhile happens to all kinds alike. Every answer must have
    the status.
    """
    requests = [(kind, request) for kind, all_of_it in kinds.items() for request in all_of_it]
    random.shuffle(requests)
    times: dict[str, list[int]] = {kind: [] for kind in kinds}
    with raw.connect(url) as connection:
        expected = f"HTTP/1.1 {status} ".encode()
        gc.disable()
        try:
            for kind, request in requests:
                started = time.perf_counter_ns()
                connection.sendall(request)
                answer = connection.recv(65536)
                times[kind].append(time.perf_counter_ns() - started)
                assert answer.startswith(expected), answer
                _rest(connection, answer)
        finally:
            gc.enable()
    return times


def _rest(connection, answer: bytes) -> None:
    head, _, body = answer.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"\r\ncontent-length: ")[2].partition(b"\r\n")[0])
    while len(body) < length:
        body += connection.recv(65536)


def compare(some: Sequence[int], others: Sequence[int]) -> Comparison:
    """Compare the times of two kinds. Times of a nanosecond hardly ever tie, so ties are not corrected for."""
    ranked = sorted([(each, True) for each in some] + [(each, False) for each in others])
    ranks = sum(rank for rank, (_, is_of_some) in enumerate(ranked, 1) if is_of_some)
    n, m = len(some), len(others)
    u = ranks - n * (n + 1) / 2
    deviations = (u - n * m / 2) / math.sqrt(n * m * (n + m + 1) / 12)
    return Comparison(deviations, (median(some) - median(others)) / 1000)


def chance(deviations: float) -> float:
    """Return the probability that equal kinds differ by so many standard deviations or more."""
    return 2 * NormalDist().cdf(-abs(deviations))
