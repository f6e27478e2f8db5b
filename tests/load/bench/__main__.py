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

_READ = 10_000


def parts(folder: Path, options: argparse.Namespace) -> dict[str, Callable[[], list[str]]]:
    """Give the parts by their names: each measures, and gives its tables."""
    population, size = Population(_READ), options.written
    site, written = Site(folder / "read.db", folder / "spec.json"), folder / "written.db"
    import_world(folder / "world.json", f"sqlite:///{site.database}", population.lines())
    rounds, seconds, connections = options.rounds, options.seconds, options.connections
    timed = {"rounds": rounds, "seconds": seconds}

    def writes() -> list[str]:
        import_world(folder / "world.json", f"sqlite:///{written}", Population(size).lines())
        return writing.measure(written, size, **timed)

    return {
        "reads": lambda: reading.measure(site, population, **timed, connections=connections),
        "writes": writes,
        "workers": lambda: workers.measure(site, population, **timed, connections=connections),
        "startup": lambda: startup.measure(site, rounds=options.starts),
        "hostile": lambda: hostile.measure(site, rounds=options.starts),
        "verify": lambda: verifying.measure(folder),
        "control": lambda: controlled.measure(site, population, rounds=rounds, connections=connections),
        "plugin": lambda: plugin.measure(folder, tests=options.tests),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure."""
    parser = argparse.ArgumentParser(prog="python -m tests.load.bench", description=__doc__)
    parser.add_argument("parts", nargs="*", help="names of parts; all of them when left out")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=3, help="whole seconds for each measurement")
    parser.add_argument("--connections", type=int, default=32, help="of reads")
    parser.add_argument("--starts", type=int, default=7, help="rounds of starting up")
    parser.add_argument("--written", type=int, default=250_000, help="Bindings in the world that is deleted from")
    parser.add_argument("--tests", type=int, default=200, help="tests of the pytest plugin")
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
