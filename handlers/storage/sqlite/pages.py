"""Copying a database page by page, with SQLite's online backup."""

import apsw

from ..progress import Progress
from .connection import transaction

_TOGETHER = 2000
"""Pages between which progress is shown, and an interruption heard."""


def copy(source: apsw.Connection, target: apsw.Connection, label: str, progress: Progress) -> None:
    """Make a database the copy of another, as it is at one moment; to others the target changes all at once.

    Others may write to the source meanwhile: inside of a transaction SQLite sees nothing of it, and so does not begin
    again, as it otherwise does whenever another process has written.
    """
    with transaction(source, "DEFERRED"):
        pages = int(source.pragma("page_count"))  # the first read: from here on it is one moment
        with progress(label, pages) as advance, target.backup("main", source, "main") as copying:
            left = pages
            while not copying.done:
                copying.step(_TOGETHER)
                advance(left - copying.remaining)
                left = copying.remaining
