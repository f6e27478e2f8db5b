"""Disks that are small, or slow: a file system of its own, and flushes that take longer."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self

from ..engines import SqliteDatabase


class SmallDisk:
    """A small file system, with all that is in a database's folder, in its place: in a namespace that hides it."""

    megabytes = 8

    def __init__(self, database: SqliteDatabase) -> None:
        self._folder = database.path.parent

    def __enter__(self) -> Self:
        mount = 'mount -t tmpfs -o size="$2"m tmpfs "$1" && cp -a "$1 aside/." "$1" && echo ready && exec cat'
        shutil.copytree(self._folder, f"{self._folder} aside")
        self._holder = subprocess.Popen(
            ["unshare", "--mount", "sh", "-c", mount, "sh", self._folder, str(self.megabytes)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self._holder.stdout is not None
        assert self._holder.stdout.readline() == "ready\n", "no file system could be mounted"
        return self

    def __exit__(self, *exc_info: object) -> None:
        """What it holds by now is what the folder holds."""
        shutil.copytree(self._inside, self._folder, dirs_exist_ok=True)
        self._holder.communicate()

    @property
    def under(self) -> Sequence[str]:
        """The command under which a process sees it."""
        return ["nsenter", "--target", str(self._holder.pid), "--mount"]

    @contextmanager
    def full(self) -> Iterator[None]:
        """Not a byte is left while the context lasts."""
        filler = self._inside / "filler"
        with suppress(OSError), filler.open("wb", buffering=0) as file:
            while file.write(bytes(4096)):
                pass
        try:
            yield
        finally:
            filler.unlink()

    @property
    def _inside(self) -> Path:
        return Path(f"/proc/{self._holder.pid}/root{self._folder}")


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
