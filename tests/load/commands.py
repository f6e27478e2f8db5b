"""Commands as they are measured: how long, how much computing, how much memory."""

import os
import subprocess
import tempfile
import time
from collections.abc import Sequence
from typing import NamedTuple

from ..support.running import environment


class Measured(NamedTuple):
    """How a command ended, how long it took, how long it computed, and the most memory that it held, in MB."""

    returncode: int
    stdout: str
    stderr: str
    seconds: float
    computed: float
    memory: float


def measured(command: Sequence[str]) -> Measured:
    """Run a command to its end."""
    with tempfile.TemporaryFile("w+") as stdout, tempfile.TemporaryFile("w+") as stderr:
        started = time.monotonic()
        process = subprocess.Popen(command, stdout=stdout, stderr=stderr, env=environment())
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        stdout.seek(0)
        stderr.seek(0)
        return Measured(
            process.returncode,
            stdout.read(),
            stderr.read(),
            seconds,
            usage.ru_utime + usage.ru_stime,
            usage.ru_maxrss * 1024 / 1e6,
        )
