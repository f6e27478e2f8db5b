"""Atomic files and folders, and private scratch folders.

Leftovers of a killed process have a known name, and the next process removes them. Errors are `OSError`; the functions
for the outputs of commands, `destination` and `destination_path`, raise `Refusal` with the option's name.
"""

import fcntl
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from errno import EBUSY, EEXIST, EPERM
from pathlib import Path
from typing import BinaryIO

from .failures import Refusal

_SQLITE = b"SQLite format 3\0"
_APPLICATION_ID = slice(68, 72)
"""The bytes of an SQLite file that hold its application id (https://www.sqlite.org/fileformat2.html, 1.3)."""

_BESIDE = ("-wal", "-shm", "-journal")
"""Suffixes of the files that SQLite keeps beside a database."""


def real(path: Path) -> Path:
    """Resolve the symbolic links in every part of a path, the last one included."""
    return Path(os.path.realpath(path))


def application_id(path: Path) -> int | None:
    """Read the application id of an SQLite file; None for another file, or for none."""
    if not path.is_file():
        return None
    with path.open("rb") as file:
        head = file.read(_APPLICATION_ID.stop)
    return int.from_bytes(head[_APPLICATION_ID], "big") if head.startswith(_SQLITE) else None


def check_output(path: Path, *, inputs: Iterable[Path] = (), replaceable: int = 0) -> None:
    """Raise `OSError` where an output would replace a database, a file of a database, or an input.

    An SQLite file with the application id `replaceable` may be replaced, unless that is 0.
    """
    path = real(path)
    if path.exists() and any(path.samefile(one) for one in inputs if one.exists()):
        raise OSError(EPERM, "it is what is read")
    found = application_id(path)
    if found is not None and found != (replaceable or None):
        raise OSError(EPERM, "it is a database")
    for suffix in _BESIDE:
        beside = path.with_name(f"{path.name}{suffix}")
        if beside.exists():
            raise OSError(EPERM, f"it is a database in use, for {beside} stands beside it")
        owner = path.with_name(path.name.removesuffix(suffix))
        if owner != path and application_id(owner) is not None:
            raise OSError(EPERM, f"it is a file of the database {owner}")


@contextmanager
def staging(path: Path) -> Iterator[Path]:
    """Make an empty folder beside `path`, on the same file system, and remove it when the block ends.

    The folder is locked: another process that makes the same file gets an `OSError` meanwhile. The next process
    removes what a killed one left in it. A child that inherits file descriptors holds the lock after a killed parent.
    """
    folder = path.with_name(f".{path.name}.unfinished")
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        _must_be_private(folder, descriptor)
        if not _try_lock(folder, descriptor):
            raise OSError(EBUSY, "another process is just making it", str(path))
        try:
            _empty(folder)
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(descriptor)


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Open a private file (0600) that replaces the one at `path`, atomically, when the block ends."""
    with staging(path) as folder:
        made = folder / "new"
        with made.open("xb") as file:
            made.chmod(0o600)
            yield file
        settle(made, path)


def settle(made: Path, path: Path) -> None:
    """Rename a finished file to its name, and flush both to disk."""
    with made.open("rb") as file:
        os.fsync(file.fileno())
    made.replace(path)
    descriptor = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def settle_folder(made: Path, path: Path, old: Path) -> None:
    """Rename a finished folder to its name; an older one moves to `old`, and back where that fails."""
    if not path.exists():
        made.rename(path)
        return
    path.rename(old)
    try:
        made.rename(path)
    except BaseException:
        with suppress(OSError):
            old.rename(path)
        raise


@contextmanager
def scratch() -> Iterator[Path]:
    """Make a private folder for temporary files, and remove it when the block ends.

    Folders that killed processes of the same user left are removed first.
    """
    parent, prefix = Path(tempfile.gettempdir()), f"chat-bindings-{os.geteuid()}-"
    for left in parent.glob(f"{prefix}*"):
        _remove_left(left)
    made = Path(tempfile.mkdtemp(prefix="chat-bindings."))
    folder = parent / f"{prefix}{made.suffix.removeprefix('.')}"
    descriptor = os.open(made, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        os.set_inheritable(descriptor, True)  # noqa: FBT003 - see `staging`
        made.rename(folder)  # the name that others clean up, only once it is locked
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)


@contextmanager
def destination(name: str, option: str = "--output", *, inputs: Sequence[Path] = ()) -> Iterator[BinaryIO]:
    """Open standard output for `-`, else a file that replaces an older one, atomically, when the block ends.

    A pipe or a device receives everything at the end, so that a slow reader delays nothing but the end. Raises
    `Refusal` for an output that cannot be written, or that would replace a database or one of the inputs.
    """
    path = Path(name)
    with _writable(name, option):
        check_output(path, inputs=inputs)
        if name == "-" and is_regular(sys.stdout.buffer):
            yield sys.stdout.buffer
            sys.stdout.buffer.flush()
        elif _is_file(name):
            with replacing(real(path)) as file:
                yield file
        else:
            with tempfile.TemporaryFile() as spooled:  # nameless: nothing of it stays behind
                yield spooled
                _send(spooled, name)


@contextmanager
def destination_path(name: str, replaceable: int) -> Iterator[Path]:
    """Give the path of a new file, whose content goes to the destination `name` when the block ends.

    For writers that need a path. Names and errors are those of `destination`.
    """
    path = real(Path(name))
    with _writable(name, "--output"):
        check_output(path, replaceable=replaceable)
        with staging(path) if _is_file(name) else scratch() as folder:
            new = folder / "new"
            yield new
            if _is_file(name):
                settle(new, path)
                return
            with new.open("rb") as file:
                _send(file, name)


def _is_file(name: str) -> bool:
    path = Path(name)
    return name != "-" and (path.is_file() or not path.exists())


def _send(file: BinaryIO, name: str) -> None:
    file.seek(0)
    if name == "-":
        shutil.copyfileobj(file, sys.stdout.buffer)
        sys.stdout.buffer.flush()
        return
    with Path(name).open("wb") as out:
        shutil.copyfileobj(file, out)


@contextmanager
def _writable(name: str, option: str) -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise Refusal(f"{option} {name} cannot be written: {error.strerror}.") from error


def is_regular(file: BinaryIO) -> bool:
    """Return whether an open file is a regular one, to which writing never waits for a reader."""
    return stat.S_ISREG(os.fstat(file.fileno()).st_mode)


def _remove_left(folder: Path) -> None:
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            _must_be_private(folder, descriptor)
            if _try_lock(folder, descriptor):
                shutil.rmtree(folder, ignore_errors=True)
        finally:
            os.close(descriptor)


def _must_be_private(folder: Path, descriptor: int) -> None:
    status = os.fstat(descriptor)
    if status.st_uid != os.geteuid() or status.st_mode & 0o077:
        raise OSError(EEXIST, f"{folder} is there already, and not yours alone: remove it, or name a file elsewhere")


def _try_lock(folder: Path, descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.set_inheritable(descriptor, True)  # noqa: FBT003 - the lock outlives this process where a child goes on
        return folder.stat().st_ino == os.fstat(descriptor).st_ino  # else its owner has just removed it
    except (BlockingIOError, FileNotFoundError):
        return False


def _empty(folder: Path) -> None:
    for left in folder.iterdir():
        if left.is_dir() and not left.is_symlink():
            shutil.rmtree(left)
        else:
            left.unlink()
