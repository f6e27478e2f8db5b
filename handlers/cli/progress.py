"""Progress bars, on a terminal's standard error only, and summaries of what was done."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..storage.progress import Advance


@contextmanager
def progress(label: str, total: int, *, in_bytes: bool = False) -> Iterator[Advance]:
    """Show the progress towards `total` while the block runs; yield a function that advances it."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich import progress as rich
    from rich.console import Console

    columns = (
        rich.SpinnerColumn(),
        rich.TextColumn("{task.description}"),
        rich.BarColumn(),
        rich.DownloadColumn() if in_bytes else rich.MofNCompleteColumn(),
        rich.TimeElapsedColumn(),
        rich.TimeRemainingColumn(),
    )
    with rich.Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=total)
        yield lambda done: bar.advance(task, done)


def summarize(counts: Any) -> str:
    """Format a named tuple of counts: `accounts 1, keys 0, services 1, bindings 1`."""
    return ", ".join(f"{noun} {number}" for noun, number in counts._asdict().items())
