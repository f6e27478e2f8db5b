"""Commands, measured: duration, CPU time and memory."""

import os
import subprocess
import tempfile
import time
from typing import NamedTuple

from ..support.running import CLI, environment


class Measured(NamedTuple):
    """The measurements of a command."""

    returncode: int
    stdout: str
    stderr: str
    seconds: float
    computed: float
    """Seconds of CPU."""
    memory: float
    """The peak of its memory, in MB."""


def measure(*arguments: object, fails: bool | None = False) -> Measured:
    """Run a command to its end. Raises RuntimeError unless it fails or succeeds as given; None takes either."""
    with tempfile.TemporaryFile("w+") as stdout, tempfile.TemporaryFile("w+") as stderr:
        began = time.monotonic()
        process = subprocess.Popen([*CLI, *map(str, arguments)], stdout=stdout, stderr=stderr, env=environment())
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        output, errors = (file.seek(0) or file.read() for file in (stdout, stderr))
    if fails is not None and bool(process.returncode) != fails:
        raise RuntimeError(f"{arguments} ended with {process.returncode}: {errors}")
    computed = usage.ru_utime + usage.ru_stime
    return Measured(process.returncode, output, errors, seconds, computed, usage.ru_maxrss * 1024 / 1e6)
