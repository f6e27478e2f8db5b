"""Windows of a soak: their measurements, and the bounds of growth."""

from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

from ...support.processes import children


class Window(NamedTuple):
    """Some seconds of a soak."""

    at_s: float
    """When it ended, from the beginning."""
    requests: int
    errors: int
    p50_ms: float
    p99_ms: float
    longest_ms: float
    memory_mb: float
    """Of the service's processes: the resident set."""
    handles: int
    threads: int
    log_mb: float
    """The database's write-ahead log."""


class Bound(NamedTuple):
    """How far the last third of a soak may be above the first, once it is warm."""

    name: str
    of: Callable[[Window], float]
    times: float
    more: float

    def told(self, windows: Sequence[Window]) -> tuple[float, float, float]:
        """The medians of the first and the last third, and what the last may be at the most."""
        third = max(len(windows) // 3, 1)
        first, last = (median(map(self.of, part)) for part in (windows[:third], windows[-third:]))
        return first, last, first * self.times + self.more


MEMORY = Bound("memory, MB", lambda window: window.memory_mb, 1.05, 3)
HANDLES = Bound("file handles", lambda window: window.handles, 1, 4)
THREADS = Bound("threads", lambda window: window.threads, 1, 2)
LOG = Bound("log, MB", lambda window: window.log_mb, 1.5, 8)
P99 = Bound("p99, ms", lambda window: window.p99_ms, 1.5, 1)

BOUNDS = (MEMORY, HANDLES, THREADS, LOG, P99)

WARM = 0.2
"""The part of a soak that is not judged: caches fill, and connections are made."""


def judged(windows: Sequence[Window], bounds: Sequence[Bound]) -> list[str]:
    """What does not hold, a sentence each."""
    problems = [f"{sum(each.errors for each in windows)} errors"] if any(each.errors for each in windows) else []
    warm = windows[int(len(windows) * WARM) :]
    for bound in bounds:
        first, last, most = bound.told(warm)
        if last > most:
            problems.append(f"{bound.name} went from {first:.1f} to {last:.1f}, and may go to {most:.1f}")
    return problems


def usage(pid: int) -> tuple[float, int, int]:
    """The memory in MB, the file handles and the threads of a process and those under it."""
    memory, handles, threads = 0.0, 0, 0
    for each in [pid, *children(pid)]:
        status = dict(line.split(":", 1) for line in Path(f"/proc/{each}/status").read_text().splitlines())
        memory += int(status["VmRSS"].split()[0]) / 1000
        threads += int(status["Threads"])
        handles += len(list(Path(f"/proc/{each}/fd").iterdir()))
    return memory, handles, threads
