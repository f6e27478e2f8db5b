"""Benchmark the service beside its alternatives on this machine: `make bench`, or `python -m tests.load.bench`.

Reads against the limit, FastAPI, stock Connexion and Prism; writes against one commit a request; workers; start-up;
refusals of the largest requests; the time of a run of `verify`; the cost of `--control`; a test with the pytest plugin.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from ...support.tools import missing
from .. import figures
from ..worlds import Population, import_world
from . import controlled, hostile, plugin, reading, startup, writing
from .contending import Site

_UNPUBLISHED = ("hostile", "verify")
"""Parts that no guide shows."""

_README_ROWS = ("fetch", "list of 50", "404")
"""Kinds of reads that the README shows."""

_READ = 10_000
"""Bindings in the world of the reading benchmarks."""


def parts(folder: Path, rounds: int, seconds: int) -> dict[str, Callable[[], list[str]]]:
    """Return the parts by name: each measures, and returns its tables."""
    site, population = Site(folder / "read.db", folder / "spec.json"), Population(_READ)
    import_world(folder / "world.json", f"sqlite:///{site.database}", population.lines())
    return {
        "reads": lambda: reading.measure(site, population, rounds=rounds, seconds=seconds),
        "writes": lambda: writing.measure(folder, rounds=rounds, seconds=seconds),
        "workers": lambda: reading.measure_workers(site, population, rounds=rounds, seconds=seconds),
        "startup": lambda: startup.measure(site),
        "hostile": lambda: hostile.measure(site),
        "verify": lambda: startup.measure_verify(folder),
        "control": lambda: controlled.measure(site, population, rounds=rounds, connections=reading.CONNECTIONS),
        "plugin": lambda: plugin.measure(folder),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure."""
    parser = argparse.ArgumentParser(prog="python -m tests.load.bench", description=__doc__)
    parser.add_argument("parts", nargs="*", help="names of parts; all of them when left out")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=3, help="whole seconds for each measurement")
    parser.add_argument("--figures", action="store_true", help="write the tables into the guide performance")
    options = parser.parse_args(arguments)
    if lacking := missing("wrk"):
        parser.error(lacking)
    with tempfile.TemporaryDirectory(prefix="chat-bindings-bench-") as folder:
        known = parts(Path(folder), options.rounds, options.seconds)
        if unknown := set(options.parts) - set(known):
            parser.error(f"there is no {', '.join(unknown)}, but {', '.join(known)}")
        for name in options.parts or known:
            is_kept = options.figures and name not in _UNPUBLISHED
            lines = known[name]()
            figures.publish("performance", name, lines, is_kept=is_kept)
            if is_kept and name == "reads":
                figures.replace(figures.ROOT / "README.md", name, figures.excerpt(lines, _README_ROWS, columns=4))
    return 0


if __name__ == "__main__":
    sys.exit(main())
