"""wrk (apt-get install wrk), which sends requests over kept connections as fast as they are answered."""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from .contending import rest

SCRIPT = Path(__file__).with_name("load.lua")


class Load(NamedTuple):
    """Requests of one kind: their paths, one after the other, or one path with a body in which {n} is a number."""

    paths: Sequence[str]
    headers: Mapping[str, str]
    method: str = "GET"
    body: str | None = None
    is_refused: bool = False
    """Whether each is answered with an error."""


class Driven(NamedTuple):
    """What came of it; latencies are in milliseconds."""

    requests: int
    seconds: float
    p50: float
    p99: float

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds


def drive(url: str, load: Load, *, connections: int, seconds: float, first: int = 0) -> Driven:
    """Send a load for some seconds, beginning with request number `first`.

    Raises `RuntimeError` when a connection broke, or an answer's status was of the other kind.
    """
    rest(url)
    with tempfile.NamedTemporaryFile("w", suffix=".requests") as file:
        file.write("".join(f"{line}\n" for line in _lines(load)))
        file.flush()
        # wrk takes whole seconds alone
        command = ["wrk", "-t1", f"-c{connections}", f"-d{max(round(seconds), 1)}s", "--timeout", "10s"]
        command += ["-s", str(SCRIPT), url, "--", file.name, str(first)]
        ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=seconds + 60)
    if ended.returncode:
        raise RuntimeError(f"wrk ended with {ended.returncode}: {ended.stdout}{ended.stderr}")
    told = json.loads(ended.stdout.strip().splitlines()[-1])
    wanted = told["requests"] if load.is_refused else 0
    if told["broken"] or told["refused"] != wanted or not told["requests"]:
        raise RuntimeError(f"{load.method} {load.paths[0]} was not answered as it should be: {told}, not {wanted}")
    return Driven(told["requests"], told["microseconds"] / 1e6, told["p50"] / 1e3, told["p99"] / 1e3)


def missing() -> list[str]:
    """What to do when it is not there."""
    return [] if shutil.which("wrk") else ["wrk is missing: apt-get install wrk"]


def version() -> str:
    """wrk's own."""
    ended = subprocess.run(["wrk", "-v"], capture_output=True, text=True, check=False)
    return ended.stdout.split()[1].removeprefix("debian/")


def _lines(load: Load) -> Sequence[str]:
    lines = [f"method\t{load.method}", *(f"header\t{name}\t{value}" for name, value in load.headers.items())]
    lines += [f"body\t{load.body}"] if load.body is not None else []
    return lines + [f"path\t{path}" for path in load.paths]
