"""A folder that is changed as a whole or not at all, and through no symbolic link.

Every folder below the root is opened relative to its parent with O_NOFOLLOW, so a link that is planted at any moment
is refused, not followed. The root itself may be reached by links: its user named it.
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
    """The site cannot be published there; the message goes on from the folder's name."""


class Step(NamedTuple):
    """A file to write, or to remove where the content is None. Its path is relative, with slashes."""

    path: str
    content: bytes | None


class Tree:
    """The files below a root, which need not be there."""

    def __init__(self, folder: Path) -> None:
        """Raises `Unfit` where something else than a folder has the root's path."""
        self.root = folder.resolve()
        if self.root.exists() and not self.root.is_dir():
            raise Unfit("is a file: name a folder")

    def read(self, path: str) -> bytes | None:
        """Read a file; None where nothing has its path. Raises `Unfit` where something else than a file has it."""
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

    def apply(self, steps: Sequence[Step]) -> None:
        """Take some steps, one after the other; where one fails, all is as it was before.

        All contents are written before the first file takes its name: a full disk changes nothing.
        """
        made = [path for path in (self.root, *self.root.parents) if not path.exists()]
        self.root.mkdir(parents=True, exist_ok=True)
        try:
            with staging(self.root / _SCRATCH) as scratch:
                for number, step in enumerate(steps):
                    if step.content is not None:
                        (scratch / str(number)).write_bytes(step.content)
                self._take(steps, scratch)
        except BaseException:
            for path in made:
                with suppress(OSError):
                    path.rmdir()
            raise

    def _take(self, steps: Sequence[Step], scratch: Path) -> None:
        before: dict[str, bytes | None] = {}
        folders: list[str] = []
        try:
            for number, step in enumerate(steps):
                before.setdefault(step.path, self.read(step.path))
                if step.content is None:
                    self._remove(step.path)
                    self._prune(step.path)
                else:
                    self._place(scratch / str(number), step.path, folders)
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
        """Remove the folders that a path stands in, as far as they are empty."""
        with suppress(OSError):
            while path := path.rpartition("/")[0]:
                with self._parent(path) as parent:
                    os.rmdir(_name(path), dir_fd=parent)

    @contextmanager
    def _parent(self, path: str, made: list[str] | None = None) -> Iterator[int | None]:
        """Open the folder that a path stands in; None where it is not there. With `made` it is made, and noted."""
        with ExitStack() as stack:
            yield self._opened(path.split("/")[:-1], stack, made)

    def _opened(self, parts: list[str], stack: ExitStack, made: list[str] | None) -> int | None:
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
