"""A place for a file that is being made: hidden, beside where it will stand, and its owner's alone."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .interface import Conflict


@contextmanager
def folder_for(path: Path) -> Iterator[Path]:
    """An empty folder beside `path`, on the same file system, which is gone when the block ends.

    What a killed process left in it is removed by the next one that makes the same file. While a process makes it,
    others get `Conflict`. Raises `OSError` where there can be no folder.
    """
    folder = path.with_name(f".{path.name}.unfinished")
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        _take(folder, descriptor, path)
        try:
            _empty(folder)
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(descriptor)


def settle(made: Path, path: Path, *, replace: bool) -> None:
    """Give a file that is made its name, on disk; without `replace` it takes nobody's place (`FileExistsError`)."""
    with made.open("rb") as file:
        os.fsync(file.fileno())
    if replace:
        made.replace(path)
    else:
        path.hardlink_to(made)
    descriptor = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _take(folder: Path, descriptor: int, path: Path) -> None:
    status = os.fstat(descriptor)
    if status.st_uid != os.geteuid() or status.st_mode & 0o077:
        raise Conflict(f"{folder} is there already, and not yours alone: remove it, or name a file elsewhere")
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        ours = folder.stat().st_ino == status.st_ino  # else whoever had it has just removed it
    except (BlockingIOError, FileNotFoundError):
        ours = False
    if not ours:
        raise Conflict(f"another process is just making {path}")


def _empty(folder: Path) -> None:
    for left in folder.iterdir():
        left.unlink()
