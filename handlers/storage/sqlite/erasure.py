"""Erasing deleted data from every byte of the database file.

`PRAGMA secure_delete` zeroes what is deleted where it stands. But SQLite moves rows between pages as its trees grow and
shrink, and leaves copies of them behind in the unallocated space of the pages that they left (measured: a few of ten
thousand deleted rows stayed readable). So each page's unallocated space is zeroed on its way into the file. That is
outside of what SQLite ever reads, and in WAL mode pages go into the file only at a checkpoint.
"""

import time

import apsw

from .flushing import FlushedFile

PATIENT = "chat-bindings"
"""The name of the VFS that erases."""

IMPATIENT = "chat-bindings-impatient"
"""The name of one that erases and never sleeps. SQLite itself waits for some locks, up to ten seconds, whatever timeout
is set; an event loop must not."""

MAX_PAGES = 0x01FFFFFF
"""Pages that a file may have: above it, the first byte of an overflow page can be taken for a kind of tree page."""

_TREES = {2: 12, 5: 12, 10: 8, 13: 8}
"""The kinds of tree pages (https://www.sqlite.org/fileformat2.html, 1.6) and the lengths of their headers."""

_FILE_HEADER = 100


def erase_unallocated(page: bytes, *, first: bool) -> bytes:
    """A page of the file with zeroes between its cell pointers and its cells; `first` is the file's first page."""
    header = _FILE_HEADER if first else 0
    length = _TREES.get(page[header])
    if length is None:
        return page
    begin = header + length + 2 * int.from_bytes(page[header + 3 : header + 5], "big")
    end = int.from_bytes(page[header + 5 : header + 7], "big") or 65536
    if not begin < end <= len(page) or page.count(0, begin, end) == end - begin:
        return page
    return page[:begin] + bytes(end - begin) + page[end:]


class _DatabaseFile(FlushedFile):
    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - as SQLite calls it
        super().xWrite(erase_unallocated(data, first=offset == 0), offset)


class _ErasingVFS(apsw.VFS):
    """The system's own file access, but for the pages of a database file."""

    def __init__(self, name: str) -> None:
        super().__init__(name, "", maxpathname=0)

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:  # noqa: N802
        kind = _DatabaseFile if flags[0] & apsw.SQLITE_OPEN_MAIN_DB else FlushedFile
        return kind(name, flags)

    def xSleep(self, microseconds: int) -> int:  # noqa: N802
        # APSW's own keeps the interpreter locked: nobody could let go of what is waited for
        time.sleep(microseconds / 1_000_000)
        return microseconds


class _ImpatientVFS(_ErasingVFS):
    def xSleep(self, microseconds: int) -> int:  # noqa: ARG002, N802
        return 0


_registered = (_ErasingVFS(PATIENT), _ImpatientVFS(IMPATIENT))  # for as long as the process lives
