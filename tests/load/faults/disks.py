"""Disks that are small, or slow: a file system of its own, and flushes that take longer."""

import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def small_disk(megabytes: int) -> Iterator[Path]:
    """Yield a folder that is a small file system of its own."""
    with tempfile.TemporaryDirectory(prefix="small-") as folder:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "tmpfs", folder], check=True)
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", folder], check=True)


@contextmanager
def fill(folder: Path) -> Iterator[None]:
    """Fill a folder's file system to the last byte while the context lasts."""
    filler = folder / "filler"
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while file.write(bytes(4096)):
            pass
    try:
        yield
    finally:
        filler.unlink()


@contextmanager
def slow_flushes(pid: int, seconds: float) -> Iterator[None]:
    """Delay each flush of a process by so many seconds while the context lasts."""
    flushes = "fsync,fdatasync"
    delay = f"inject={flushes}:delay_exit={round(seconds * 1e6)}"
    command = ["strace", "-f", "-o", os.devnull, "-e", f"trace={flushes}", "-e", delay, "-p", str(pid)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as strace:
        assert strace.stderr is not None
        assert "attached" in strace.stderr.readline(), "strace cannot attach"
        try:
            yield
        finally:
            strace.send_signal(signal.SIGINT)  # it lets go of the process, and ends
