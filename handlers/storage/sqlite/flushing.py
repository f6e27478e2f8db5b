"""Flushes that let others work meanwhile.

APSW flushes the files of a VFS of ours with the interpreter locked, so that all requests would wait for the disk.
Python's own call unlocks it. It needs handles of its own, since SQLite's are out of reach.
"""

import os
from pathlib import Path

import apsw

_flush = getattr(os, "fdatasync", os.fsync)

_main_files: dict[tuple[int, int], int] = {}
"""Handles of database files, by device and inode. They stay open: to close one drops SQLite's locks on the file."""


class FlushedFile(apsw.VFSFile):
    """A file that Python flushes."""

    def __init__(self, name: str | apsw.URIFilename | None, flags: list[int]) -> None:
        super().__init__("", name, flags)
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        self._path = Path(path) if path else None  # else a temporary file, which is not flushed
        self._is_main = bool(flags[0] & apsw.SQLITE_OPEN_MAIN_DB)
        self._is_named = self._is_main
        """Whether its name is on disk. That of a log or a journal, which comes and goes, has to be flushed too."""
        if self._path is not None:
            self._handle = _main_handle(self._path) if self._is_main else os.open(self._path, os.O_RDONLY)

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
        if self._path is not None and not self._is_main:
            os.close(self._handle)
        self._path = None
        super().xClose()


def _main_handle(path: Path) -> int:
    about = path.stat()
    key = about.st_dev, about.st_ino
    if key not in _main_files:
        _main_files[key] = os.open(path, os.O_RDONLY)
    return _main_files[key]


def _flush_name(path: Path) -> None:
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
