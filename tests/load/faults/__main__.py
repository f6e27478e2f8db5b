"""Bring every fault about while every operation is called: `make faults`, or `python -m tests.load.faults [PART...]`.

Each line starts a real service on a real database, and shows the responses, their times, and how long after the
fault had gone everything worked again, with no restart.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ...support.tools import missing
from ..engines import ENGINES
from ..figures import publish, say, table
from ..worlds import Population
from . import FAULTS
from .asking import OPERATIONS
from .matrix import run

BINDINGS = 2000
_HEAD = ("engine", "fault", *OPERATIONS, "slowest answer, s", "works again after, s", "holds")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the matrix: 0 when all holds, 1 when something does not, 2 when something is missing."""
    parser = argparse.ArgumentParser(prog="python -m tests.load.faults", description=__doc__)
    parser.add_argument("patterns", nargs="*", default=[""], help="parts of the names of faults; all when left out")
    parser.add_argument("--figures", action="store_true", help="write the table into the guide resilience")
    options = parser.parse_args(arguments)
    faults = [each for each in FAULTS if any(pattern in each.name for pattern in options.patterns)]
    if lacking := sorted({what for each in faults for tool in each.needs if (what := missing(tool))}):
        say(*lacking)
        return 2
    lines = []
    for engine, databases in ENGINES.items():
        with (
            tempfile.TemporaryDirectory(prefix="chat-bindings-faults-") as folder,
            databases(Path(folder), Population(BINDINGS).lines()) as make,
        ):
            for fault in faults:
                if fault.engine == engine:
                    lines.append(run(fault, make()))
                    say(" | ".join(lines[-1].cells()), *(f"  {problem}" for problem in lines[-1].problems))
    publish("resilience", "faults", table(_HEAD, [line.cells() for line in lines]), is_kept=options.figures)
    return 1 if any(line.problems for line in lines) else 0


if __name__ == "__main__":
    sys.exit(main())
