"""Bring every fault about while every operation is asked: `make faults`, or `python -m tests.load.faults [PATTERN...]`.

Each line starts a real service on a real database, and tells what was answered, in what time, and how long after the
fault had gone everything worked again, with no restart.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ...support.tools import missing
from .. import figures
from ..bench import machine
from ..bench.results import say
from ..engines import ENGINES
from ..worlds import Population
from . import report
from .all import FAULTS
from .matrix import Fault, Line, run

BINDINGS = 2000


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the matrix: 0 when all holds, 1 when something does not, 2 when something is missing."""
    options = _options(arguments)
    faults = [each for each in FAULTS if each.engine in options.engines and _is_meant(each, options.patterns)]
    if lacking := sorted({what for each in faults for tool in each.needs if (what := missing(tool))}):
        say(*lacking)
        return 2
    lines = [line for engine in options.engines for line in _run(engine, faults)]
    report.show(lines)
    report.keep(lines, options.output)
    if options.figures:
        figures.write("resilience", "faults", machine.sentence(machine.describe()), report.markdown(lines))
    say("", *report.markdown(lines), "", f"All of it stands in {options.output}.")
    return 1 if any(line.problems for line in lines) else 0


def _run(engine: str, faults: Sequence[Fault]) -> list[Line]:
    lines = []
    with (
        tempfile.TemporaryDirectory(prefix="chat-bindings-faults-") as folder,
        ENGINES[engine](Path(folder), Population(BINDINGS).lines()) as make,
    ):
        for fault in faults:
            if fault.engine == engine:
                say(f"{engine}: {fault.name}")
                lines.append(run(fault, make()))
    return lines


def _is_meant(fault: Fault, patterns: Sequence[str]) -> bool:
    return not patterns or any(pattern in fault.name for pattern in patterns)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.load.faults", description=__doc__)
    parser.add_argument("patterns", nargs="*", help="parts of the names of faults; all of them when left out")
    parser.add_argument("--engine", dest="engines", action="append", choices=list(ENGINES))
    parser.add_argument("--output", type=Path, default=report.RESULTS)
    parser.add_argument("--figures", action="store_true", help="write the table into the guide resilience")
    options = parser.parse_args(arguments)
    options.engines = options.engines or list(ENGINES)
    return options


if __name__ == "__main__":
    sys.exit(main())
