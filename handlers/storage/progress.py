"""Progress of long operations; `cli/progress.py` shows it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

Advance = Callable[[int], None]
"""Reports how much more is done."""

Progress = Callable[[str, int], AbstractContextManager[Advance]]
"""Begins something that takes long: under which label, and how much there is to do."""


@contextmanager
def quietly(_: str, __: int) -> Iterator[Advance]:
    """Show no progress."""
    yield lambda _: None
