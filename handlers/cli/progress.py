"""Progress bars: on a terminal's standard error, and nowhere else."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from ..storage.progress import Advance


@contextmanager
def progress(label: str, total: int, *, in_bytes: bool = False) -> Iterator[Advance]:
    """Show how much of `total` is done while the block runs; give a function to be told of it."""
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
