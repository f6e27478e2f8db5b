"""A file that is deleted, moved or replaced while it is open, or that a symbolic link no longer leads to.

SQLite continues with the file that it opened: later writes are lost with the last handle. It finds a write-ahead log
by its path, so one that is left behind would be applied to another file that comes there.
"""

import os
from contextlib import suppress
from pathlib import Path

import apsw

from ..interface import StorageUnavailable
from .connection import truncate_log

Inode = tuple[int, int]
"""Device and inode number of a file."""


class Place:
    """The path of a database, and the file that was there when it was opened."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._name = str(path)
        self.opened: Inode | None = None
        """The file that is open; None for none."""

    def inode(self) -> Inode | None:
        """Return which file is at the path; None where there is none, or it cannot be seen."""
        try:
            found = os.stat(self._name)  # noqa: PTH116 - each write calls this, and Path.stat takes twice as long
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def holds(self) -> bool:
        """Whether the path still leads to the open file."""
        return self.opened is not None and self.inode() == self.opened

    def close(self, connection: apsw.Connection) -> None:
        """Close a connection. The last one removes the log by its path, where another file's may be by now: keep it."""
        with suppress(apsw.ConnectionClosedError):
            if not self.holds():
                connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
            connection.close()

    def leave(self, connection: apsw.Connection) -> None:
        """Close a connection to a file that has moved, with nothing of it in the log that it leaves behind."""
        with suppress(apsw.ConnectionClosedError):
            if not truncate_log(connection):  # it is tried again
                raise StorageUnavailable("another process is still using the file that was here")
            self.close(connection)
