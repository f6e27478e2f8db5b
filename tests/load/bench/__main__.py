"""Compare the service with what it could be built on, on this machine: `make bench`, or `python -m tests.load.bench`.

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
from . import controlled, hostile, plugin, reading, startup, verifying, workers, writing
from .contending import Site

_UNPUBLISHED = ("hostile", "verify")
"""Parts that no guide shows."""

_READ, _WRITTEN = 10_000, 250_000
"""Bindings in the worlds that are read, and deleted from."""

_CONNECTIONS, _STARTS, _TESTS = 32, 7, 200
"""Connections of reads, rounds of starting up and of refusals, and tests of the pytest plugin."""


def parts(folder: Path, options: argparse.Namespace) -> dict[str, Callable[[], list[str]]]:
    """Give the parts by their names: each measures, and gives its tables."""
    population = Population(_READ)
    site, written = Site(folder / "read.db", folder / "spec.json"), folder / "written.db"
    import_world(folder / "world.json", f"sqlite:///{site.database}", population.lines())
    timed = {"rounds": options.rounds, "seconds": options.seconds}

    def writes() -> list[str]:
        import_world(folder / "world.json", f"sqlite:///{written}", Population(_WRITTEN).lines())
        return writing.measure(written, _WRITTEN, **timed)

    return {
        "reads": lambda: reading.measure(site, population, **timed, connections=_CONNECTIONS),
        "writes": writes,
        "workers": lambda: workers.measure(site, population, **timed, connections=_CONNECTIONS),
        "startup": lambda: startup.measure(site, rounds=_STARTS),
        "hostile": lambda: hostile.measure(site, rounds=_STARTS),
        "verify": lambda: verifying.measure(folder),
        "control": lambda: controlled.measure(site, population, rounds=options.rounds, connections=_CONNECTIONS),
        "plugin": lambda: plugin.measure(folder, tests=_TESTS),
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
        known = parts(Path(folder), options)
        if unknown := set(options.parts) - set(known):
            parser.error(f"there is no {', '.join(unknown)}, but {', '.join(known)}")
        for name in options.parts or known:
            is_kept = options.figures and name not in _UNPUBLISHED
            figures.publish("performance", name, known[name](), is_kept=is_kept)
    return 0


if __name__ == "__main__":
    sys.exit(main())
