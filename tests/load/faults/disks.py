"""Disks that are small, or slow: a file system of its own, and flushes that take longer."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self

from .matrix import Setting


class SmallDisk(Setting):
    """A small file system, with all that is in a database's folder, in its place: in a namespace that hides it."""

    megabytes = 8

    def __enter__(self) -> Self:
        mount = 'mount -t tmpfs -o size="$2"m tmpfs "$1" && cp -a "$1 aside/." "$1" && echo ready && exec cat'
        folder = self.database.path.parent
        shutil.copytree(folder, f"{folder} aside")
        holder = subprocess.Popen(
            ["unshare", "--mount", "sh", "-c", mount, "sh", folder, str(self.megabytes)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.ends.callback(holder.communicate)
        assert holder.stdout is not None
        assert holder.stdout.readline() == "ready\n", "no file system could be mounted"
        self.under = ["nsenter", "--target", str(holder.pid), "--mount"]
        self.files = Path(f"/proc/{holder.pid}/root{folder}")
        return self

    def problems(self) -> list[str]:
        shutil.copytree(self.files, self.database.path.parent, dirs_exist_ok=True)  # where others see it
        return super().problems()


@contextmanager
def fill(folder: Path) -> Iterator[None]:
    """Leave a folder's file system not a byte while the context lasts."""
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
    """Let each flush of a process take so many seconds longer while the context lasts."""
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
