"""Compare the service with what it could be built on, on this machine: `make bench`, or `python -m tests.load.bench`.

Reads against the limit, FastAPI, stock Connexion and Prism; writes against one commit a request; workers; start-up;
refusals of the largest requests; the time of a run of `verify`; the cost of `--control`; a test with the pytest plugin.
"""

import argparse
import sys
import tempfile
from collections.abc import Collection, Sequence
from pathlib import Path

from ...support.running import run_cli
from .. import figures
from ..worlds import Population, write_world
from . import controlled, hostile, machine, plugin, reading, startup, targets, verifying, workers, writing, wrk
from .contending import PRISM, READERS, WRITERS, Site
from .results import RESULTS, keep, say

PARTS = ("reads", "writes", "workers", "startup", "hostile", "verify", "control", "plugin")
_UNPUBLISHED = ("hostile", "verify")
"""Parts that no guide shows."""

_READ, _WRITTEN = 10_000, 250_000


def load(folder: Path, population: Population) -> Path:
    """Import a population into a database of its own."""
    world, database = folder / "world.json", folder / f"{population.size}.db"
    write_world(world, population.lines())
    imported = run_cli("import", world, "--database", f"sqlite:///{database}", timeout=600)
    if imported.returncode:
        raise RuntimeError(imported.stderr)
    world.unlink()
    return database


def missing(parts: Collection[str]) -> list[str]:
    """What must be installed first."""
    without_prism = PRISM.exists() or "reads" not in parts
    return [
        *(wrk.missing() if set(parts) - {"verify", "hostile", "plugin"} else []),
        *([] if without_prism else ["Prism is missing: make tests/load/bench/prism/node_modules/.installed"]),
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure: 0, or 2 when something is missing."""
    options = _options(arguments)
    if lacking := missing(options.parts):
        say(*lacking)
        return 2
    named = machine.describe()
    keep(options.output, machine=named)
    told = [machine.sentence(named)]
    with tempfile.TemporaryDirectory(prefix="chat-bindings-bench-") as name:
        folder = Path(name)
        population = Population(_READ)
        site = Site(load(folder, population), folder / "spec.json")
        for part in options.parts:
            lines = _measure(part, site, population, options)
            if options.figures and part not in _UNPUBLISHED:
                figures.write("performance", part, machine.sentence(named), lines)
            told += ["", *lines]
    say("", *told, "", *targets.tables(options.output), "", f"All of it stands in {options.output}.")
    return 0


def _measure(part: str, site: Site, population: Population, options: argparse.Namespace) -> list[str]:
    """Measure a part, keep its results, and give its table."""
    if part == "reads":
        reading.write_spec(site.spec, site.database)
        compared = reading.Reading(site, population, seconds=options.seconds, connections=options.connections)
        results = compared.run(READERS, options.rounds)
        lines = reading.tables(results, READERS)
    elif part == "writes":
        size = options.written
        results = writing.Writing(load(site.database.parent, Population(size)), size, seconds=options.seconds).run(
            WRITERS, options.rounds
        )
        lines = writing.tables(results)
    elif part == "workers":
        results = workers.measure(site, population, rounds=options.rounds, seconds=options.seconds)
        lines = workers.tables(results)
    elif part == "hostile":
        results = hostile.measure(site, rounds=options.starts)
        lines = hostile.tables(results)
    elif part == "verify":
        results = verifying.measure(site.database.parent)
        lines = verifying.tables(results)
    elif part == "control":
        results = controlled.measure(site, population, rounds=options.rounds, connections=options.connections)
        lines = controlled.tables(results)
    elif part == "plugin":
        results = plugin.measure(site.database.parent, tests=options.tests)
        lines = plugin.tables(results)
    else:
        results = startup.measure(site, rounds=options.starts)
        lines = startup.tables(results)
    keep(options.output, **{part: results})
    return lines


def _part(name: str) -> str:
    if name not in PARTS:
        raise argparse.ArgumentTypeError(f"there is no {name}, but {', '.join(PARTS)}")
    return name


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.load.bench", description=__doc__)
    parser.add_argument("parts", nargs="*", type=_part, default=PARTS, help=f"of {', '.join(PARTS)}; all of them")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=3, help="whole seconds for each measurement")
    parser.add_argument("--connections", type=int, default=32, help="of reads")
    parser.add_argument("--starts", type=int, default=7, help="rounds of starting up")
    parser.add_argument("--written", type=int, default=_WRITTEN, help="Bindings in the world that is deleted from")
    parser.add_argument("--tests", type=int, default=200, help="tests of the pytest plugin")
    parser.add_argument("--output", type=Path, default=RESULTS)
    parser.add_argument("--figures", action="store_true", help="write the tables into the guide performance")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
