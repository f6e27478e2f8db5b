"""A folder that is changed atomically, and through no symbolic link.

Every folder below the root is opened relative to its parent with O_NOFOLLOW: a link that is planted at any moment is
refused, not followed. The path of the root may have links, since the user chose it.
"""

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from ..files import staging

_SCRATCH = "chat-bindings-site"
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Unfit(Exception):
    """The folder cannot be published into; the message continues a sentence that begins with its name."""


class Change(NamedTuple):
    """A file to write, or to remove where the content is None. Its path is relative, with slashes."""

    path: str
    content: bytes | None


class Tree:
    """The files below a root, which need not exist."""

    def __init__(self, folder: Path) -> None:
        """Raise `Unfit` for a root that is no folder."""
        self.root = folder.resolve()
        if self.root.exists() and not self.root.is_dir():
            raise Unfit("is a file: name a folder")

    def read(self, path: str) -> bytes | None:
        """Read a file; None where there is none. Raises `Unfit` for a link, a folder or a device."""
        with self._parent(path) as parent:
            if parent is None:
                return None
            name = _name(path)
            try:
                mode = os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode
            except FileNotFoundError:
                return None
            if not stat.S_ISREG(mode):
                raise Unfit(f"holds {path}, which is {_kind(mode)} where the site has a file")
            with os.fdopen(os.open(name, _FILE, dir_fd=parent), "rb") as file:
                return file.read()

    def apply(self, changes: Sequence[Change]) -> None:
        """Apply changes in order; where one fails, undo all.

        All contents are written before the first rename: a full disk changes nothing.
        """
        made = [path for path in (self.root, *self.root.parents) if not path.exists()]
        self.root.mkdir(parents=True, exist_ok=True)
        try:
            with staging(self.root / _SCRATCH) as scratch:
                for number, change in enumerate(changes):
                    if change.content is not None:
                        (scratch / str(number)).write_bytes(change.content)
                self._rename(changes, scratch)
        except BaseException:
            for path in made:
                with suppress(OSError):
                    path.rmdir()
            raise

    def _rename(self, changes: Sequence[Change], scratch: Path) -> None:
        before: dict[str, bytes | None] = {}
        folders: list[str] = []
        try:
            for number, change in enumerate(changes):
                before.setdefault(change.path, self.read(change.path))
                if change.content is None:
                    self._remove(change.path)
                    self._prune(change.path)
                else:
                    self._place(scratch / str(number), change.path, folders)
        except BaseException:
            for path, content in reversed(before.items()):
                if content is None:
                    self._remove(path)
                else:
                    (scratch / "before").write_bytes(content)
                    self._place(scratch / "before", path, [])
            for path in reversed(folders):
                self._prune(f"{path}/")
            raise

    def _place(self, file: Path, path: str, made: list[str]) -> None:
        with self._parent(path, made) as parent:
            os.replace(file, _name(path), dst_dir_fd=parent)

    def _remove(self, path: str) -> None:
        with self._parent(path) as parent, suppress(FileNotFoundError):
            if parent is not None:
                os.unlink(_name(path), dir_fd=parent)

    def _prune(self, path: str) -> None:
        """Remove the empty folders above a path."""
        with suppress(OSError):
            while path := path.rpartition("/")[0]:
                with self._parent(path) as parent:
                    os.rmdir(_name(path), dir_fd=parent)

    @contextmanager
    def _parent(self, path: str, made: list[str] | None = None) -> Iterator[int | None]:
        """Open the parent folder of a path; None where there is none. With `made` it is created and appended there."""
        with ExitStack() as stack:
            yield self._open_folder(path.split("/")[:-1], stack, made)

    def _open_folder(self, parts: list[str], stack: ExitStack, made: list[str] | None) -> int | None:
        if not self.root.exists():
            return None
        descriptor = _open(str(self.root), None, stack)
        for number, part in enumerate(parts, 1):
            here = "/".join(parts[:number])
            try:
                mode = os.stat(part, dir_fd=descriptor, follow_symlinks=False).st_mode
            except FileNotFoundError:
                if made is None:
                    return None
                os.mkdir(part, dir_fd=descriptor)
                made.append(here)
            else:
                if not stat.S_ISDIR(mode):
                    raise Unfit(f"holds {here}, which is {_kind(mode)} where the site has a folder")
            descriptor = _open(part, descriptor, stack)
        return descriptor


def _open(name: str, parent: int | None, stack: ExitStack) -> int:
    descriptor = os.open(name, _FOLDER, dir_fd=parent)
    stack.callback(os.close, descriptor)
    return descriptor


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _kind(mode: int) -> str:
    kinds = {stat.S_ISLNK: "a symbolic link", stat.S_ISDIR: "a folder", stat.S_ISREG: "a file"}
    return next((words for test, words in kinds.items() if test(mode)), "no regular file")
