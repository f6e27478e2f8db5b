"""Processes that read an older state of a database, and so keep its write-ahead log from being truncated."""

import os
from contextlib import suppress
from pathlib import Path

_READ_LOCKS = range(123, 128)
"""Bytes of the log's index that readers lock (https://www.sqlite.org/walformat.html, 2.2.2)."""

_LOCKS = Path("/proc/locks")


def describe_readers(path: Path) -> str:
    """Name the processes that read the database; where the system does not list locks, only that there are some."""
    with suppress(OSError):
        inode = os.stat(f"{os.path.realpath(path)}-shm").st_ino  # noqa: PTH116 - SQLite's name, not a path's suffix
        if pids := sorted(_readers(inode)):
            return ", ".join(f"process {pid} ({_name(pid)})" for pid in pids)
    return "another process"


def _readers(inode: int) -> set[int]:
    found = set()
    for line in _LOCKS.read_text(encoding="ascii").splitlines():
        fields = [field for field in line.split() if field != "->"]
        pid, file, first = int(fields[4]), fields[5], int(fields[6])
        if file.rpartition(":")[2] == str(inode) and first in _READ_LOCKS and pid > 0:
            found.add(pid)
    return found


def _name(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8", errors="replace").strip()
    return "ended"
