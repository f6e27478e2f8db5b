"""The folder of a generated client: new, empty, or replaced as a whole where nothing in it was changed by hand."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..files import real, settle_folder, staging

SUMS = ".chat-bindings-client"
"""The list of generated files: a SHA-256 and a path on each line, in the format of sha256sum."""


class Unfit(Exception):
    """The folder cannot be generated into; the message continues a sentence that begins with its name."""


@contextmanager
def replace_folder(target: Path) -> Iterator[Path]:
    """Make a folder that replaces the target when the block ends, and leaves no trace where the block fails.

    Raises `Unfit` for a target that holds files that were not generated, or that cannot be written.
    """
    target = real(target)
    with _writable(target.parent), staging(target) as folder:
        _check(target)
        new = folder / "new"
        new.mkdir()
        yield new
        _write_sums(new)
        _check(target)  # files that were added meanwhile stay
        umask = os.umask(0)
        os.umask(umask)
        new.chmod(0o777 & ~umask)
        settle_folder(new, target, folder / "old")


@contextmanager
def _writable(parent: Path) -> Iterator[None]:
    """Make a folder, and remove it again where the block fails."""
    made = [path for path in (parent, *parent.parents) if not path.exists()]
    try:
        parent.mkdir(parents=True, exist_ok=True)
        yield
    except BaseException as error:
        for path in made:
            with suppress(OSError):
                path.rmdir()
        if isinstance(error, OSError):
            raise Unfit(f"cannot be written: {error.strerror}") from error
        raise


def _check(target: Path) -> None:
    if not target.exists():
        return
    if not target.is_dir():  # a device or a pipe would be replaced, too
        raise Unfit("is not a folder: name one")
    if target.samefile(Path.cwd()):
        raise Unfit("is the current folder, which cannot be replaced: go up, and name it from there")
    recorded = _read_sums(target)
    found = {path: file for file in _files(target) if (path := file.relative_to(target).as_posix()) != SUMS}
    for path in sorted(found.keys() - recorded.keys()):
        raise Unfit(f"holds {path}, which was not generated: name another folder, or move that file away")
    for path, digest in recorded.items():
        if path not in found or _digest(found[path]) != digest:
            raise Unfit(
                f"has a {path} that was changed since it was generated: name another folder, or remove this one"
            )


def _read_sums(target: Path) -> dict[str, str]:
    file = target / SUMS
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    return {path: digest for digest, _, path in (line.partition("  ") for line in lines)}


def _write_sums(folder: Path) -> None:
    lines = [f"{_digest(file)}  {file.relative_to(folder).as_posix()}\n" for file in sorted(_files(folder))]
    (folder / SUMS).write_text("".join(lines), encoding="utf-8")


def _files(folder: Path) -> list[Path]:
    """List all files and symbolic links; a link was never generated."""
    return [path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir()]


def _digest(file: Path) -> str:
    return "" if file.is_symlink() or not file.is_file() else hashlib.sha256(file.read_bytes()).hexdigest()
