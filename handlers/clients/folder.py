"""The folder that a client is generated into: new, empty, or replaced as a whole; never somebody's work."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..files import real, settle_folder, unfinished

SUMS = ".chat-bindings-client"
"""The file that says what was generated: a SHA-256 and a path on each line, as sha256sum writes and checks them."""


class Unfit(Exception):
    """Nothing can be generated there; the message goes on from the folder's name."""


@contextmanager
def filled(target: Path) -> Iterator[Path]:
    """A folder to generate into, which takes the target's place when the block ends, or leaves no trace.

    Raises `Unfit` where the target holds what was not generated, or cannot be written.
    """
    target = real(target)
    with _writable(), unfinished(_nearest(target) / target.name) as folder:
        _check(target)
        new = folder / "new"
        new.mkdir()
        yield new
        _write_sums(new)
        _check(target)  # what came in meanwhile stays
        target.parent.mkdir(parents=True, exist_ok=True)
        umask = os.umask(0)
        os.umask(umask)
        new.chmod(0o777 & ~umask)
        settle_folder(new, target, folder / "old")


@contextmanager
def _writable() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Unfit(f"cannot be written: {error.strerror}") from error


def _check(target: Path) -> None:
    if not target.exists():
        return
    if not target.is_dir():  # a device or a pipe would be replaced, too
        raise Unfit("is not a folder: name one")
    if target.samefile(Path.cwd()):
        raise Unfit("is the current folder, which cannot be replaced: go up, and name it from there")
    recorded = _recorded(target)
    found = {path: file for file in _files(target) if (path := file.relative_to(target).as_posix()) != SUMS}
    for path in sorted(found.keys() - recorded.keys()):
        raise Unfit(f"holds {path}, which was not generated: name another folder, or move that file away")
    for path, digest in recorded.items():
        if path not in found or _digest(found[path]) != digest:
            raise Unfit(
                f"has a {path} that was changed since it was generated: name another folder, or remove this one"
            )


def _recorded(target: Path) -> dict[str, str]:
    file = target / SUMS
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    return {path: digest for digest, _, path in (line.partition("  ") for line in lines)}


def _write_sums(folder: Path) -> None:
    lines = [f"{_digest(file)}  {file.relative_to(folder).as_posix()}\n" for file in sorted(_files(folder))]
    (folder / SUMS).write_text("".join(lines), encoding="utf-8")


def _files(folder: Path) -> list[Path]:
    """All files, and links, which are somebody's."""
    return [path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir()]


def _digest(file: Path) -> str:
    return "" if file.is_symlink() or not file.is_file() else hashlib.sha256(file.read_bytes()).hexdigest()


def _nearest(target: Path) -> Path:
    """The folder that is there, on the way to the target: on the same file system, so that moving is one step."""
    parent = target.parent
    while not parent.exists():
        parent = parent.parent
    return parent
