"""Disks that are small, or slow: a file system of its own, and flushes that take longer."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Self

from .setting import Setting


class SmallDisk(Setting):
    """A small file system, with all that is in a database's folder, in its place: in a namespace that hides it."""

    megabytes = 8

    def __enter__(self) -> Self:
        mount = 'mount -t tmpfs -o size="$2"m tmpfs "$1" && cp -a "$1 aside/." "$1" && echo ready && exec cat'
        self._folder = self.database.path.parent
        shutil.copytree(self._folder, f"{self._folder} aside")
        self._holder = subprocess.Popen(
            ["unshare", "--mount", "sh", "-c", mount, "sh", self._folder, str(self.megabytes)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self._holder.stdout is not None
        assert self._holder.stdout.readline() == "ready\n", "no file system could be mounted"
        self.under = ["nsenter", "--target", str(self._holder.pid), "--mount"]
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._holder.communicate()

    def problems(self) -> list[str]:
        shutil.copytree(self._inside, self._folder, dirs_exist_ok=True)  # where others see it
        return super().problems()

    def full(self) -> AbstractContextManager[None]:
        """Not a byte is left while the context lasts."""
        return filled(self._inside)

    @property
    def _inside(self) -> Path:
        return Path(f"/proc/{self._holder.pid}/root{self._folder}")


@contextmanager
def filled(folder: Path) -> Iterator[None]:
    """A folder's file system has not a byte left while the context lasts."""
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
    """Each flush of a process takes so many seconds longer while the context lasts."""
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
