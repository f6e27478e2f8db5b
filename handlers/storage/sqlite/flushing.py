"""Flushes that let others work meanwhile.

APSW flushes the files of a VFS of ours with the interpreter locked, so that all requests would wait for the disk.
Python's own call unlocks it. It needs handles of its own, since SQLite's are out of reach.
"""

import os
from collections import Counter
from pathlib import Path
from threading import Lock

import apsw

_flush = getattr(os, "fdatasync", os.fsync)

Inode = tuple[int, int]
"""A file's device and number."""


class _MainFiles:
    """Handles of database files, one for all connections to a file.

    To close any handle of a file drops all locks that the process has on it: so it is closed with the last connection.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._handles: dict[Inode, int] = {}
        self._users: Counter[Inode] = Counter()

    def open(self, path: Path) -> Inode:
        about = path.stat()
        inode = about.st_dev, about.st_ino
        with self._lock:
            if inode not in self._handles:
                self._handles[inode] = os.open(path, os.O_RDONLY)
            self._users[inode] += 1
        return inode

    def handle(self, inode: Inode) -> int:
        return self._handles[inode]

    def close(self, inode: Inode) -> None:
        with self._lock:
            self._users[inode] -= 1
            if not self._users[inode]:
                os.close(self._handles.pop(inode))


_main_files = _MainFiles()


class FlushedFile(apsw.VFSFile):
    """A file that Python flushes."""

    def __init__(self, name: str | apsw.URIFilename | None, flags: list[int]) -> None:
        super().__init__("", name, flags)
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        self._path = Path(path) if path else None  # else a temporary file, which is not flushed
        self._inode: Inode | None = None
        self._is_named = False
        """Whether its name is on disk. That of a log or a journal, which comes and goes, has to be flushed too."""
        try:
            self._open(is_main=bool(flags[0] & apsw.SQLITE_OPEN_MAIN_DB))
        except OSError as error:
            self._path = None
            raise apsw.exception_for(apsw.SQLITE_CANTOPEN) from error

    def xSync(self, flags: int) -> None:  # noqa: ARG002, N802 - as SQLite calls it
        if self._path is None:
            return
        try:
            _flush(self._handle)
            if not self._is_named:
                _flush_name(self._path)
                self._is_named = True
        except OSError as error:
            raise apsw.exception_for(apsw.SQLITE_IOERR_FSYNC) from error

    def xClose(self) -> None:  # noqa: N802
        super().xClose()
        if self._path is None:
            return
        self._path = None
        if self._inode is not None:
            _main_files.close(self._inode)
        else:
            os.close(self._handle)

    def _open(self, *, is_main: bool) -> None:
        if self._path is None:
            return
        if is_main:
            self._inode, self._is_named = _main_files.open(self._path), True
            self._handle = _main_files.handle(self._inode)
        else:
            self._handle = os.open(self._path, os.O_RDONLY)


def _flush_name(path: Path) -> None:
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
