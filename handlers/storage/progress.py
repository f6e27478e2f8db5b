"""Progress of long operations; `cli/progress.py` shows it."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

Advance = Callable[[int], None]
"""Reports how much more is done."""

Progress = Callable[[str, int], AbstractContextManager[Advance]]
"""Begins something that takes long: under which label, and how much there is to do."""


def quietly(_: str, __: int) -> AbstractContextManager[Advance]:
    """Show no progress."""
    return nullcontext(lambda _: None)
