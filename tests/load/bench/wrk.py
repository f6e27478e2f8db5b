"""wrk (apt-get install wrk), which sends requests over kept connections as fast as they are answered."""

import json
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

from ...support import raw

SCRIPT = Path(__file__).with_name("load.lua")
_RESTED = 0.02
"""Seconds within which an idle server answers."""


class Load(NamedTuple):
    """Requests of one kind: their paths, one after the other, or one path with a body in which {n} is a number."""

    paths: Sequence[str]
    headers: Mapping[str, str]
    method: str = "GET"
    body: str | None = None
    is_refused: bool = False
    """True if each response is an error."""


class Driven(NamedTuple):
    """The result of a load, or the medians of several; latencies are in milliseconds."""

    requests: float
    rate: float
    p50: float
    p99: float

    @property
    def latencies(self) -> str:
        """Format p50 and p99."""
        return f"{self.p50:.2f} / {self.p99:.2f}"


def medians(rounds: Sequence[Driven]) -> Driven:
    """Take the median of each figure."""
    return Driven(*map(median, zip(*rounds, strict=True)))


def drive(url: str, load: Load, *, connections: int, seconds: float, first: int = 0) -> Driven:
    """Send a load for some seconds, beginning with request number `first`.

    Raises `RuntimeError` when a connection broke, or an answer's status was of the other kind.
    """
    _rest(url)
    with tempfile.NamedTemporaryFile("w", suffix=".requests") as file:
        file.writelines(f"{line}\n" for line in _lines(load))
        file.flush()
        # wrk takes whole seconds alone
        command = ["wrk", "-t1", f"-c{connections}", f"-d{max(round(seconds), 1)}s", "--timeout", "10s"]
        command += ["-s", str(SCRIPT), url, "--", file.name, str(first)]
        ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=seconds + 60)
    if ended.returncode:
        raise RuntimeError(f"wrk ended with {ended.returncode}: {ended.stdout}{ended.stderr}")
    counted = json.loads(ended.stdout.strip().splitlines()[-1])
    wanted = counted["requests"] if load.is_refused else 0
    if counted["broken"] or counted["refused"] != wanted or not counted["requests"]:
        raise RuntimeError(f"{load.method} {load.paths[0]} was not answered as it should be: {counted}, not {wanted}")
    rate = counted["requests"] / counted["microseconds"] * 1e6
    return Driven(counted["requests"], rate, counted["p50"] / 1e3, counted["p99"] / 1e3)


def _rest(url: str) -> None:
    """Wait until a server has finished the last load, whose last requests were abandoned."""
    for _ in range(100):
        started = time.perf_counter()
        raw.ask(url, "GET", "/")
        if time.perf_counter() - started < _RESTED:
            return
    raise RuntimeError(f"{url} does not come to rest")


def _lines(load: Load) -> Iterator[str]:
    yield f"method\t{load.method}"
    yield from (f"header\t{name}\t{value}" for name, value in load.headers.items())
    yield from [f"body\t{load.body}"] if load.body is not None else []
    yield from (f"path\t{path}" for path in load.paths)
