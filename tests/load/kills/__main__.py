"""Kill a service while it is asked for everything, again and again: `make kills`.

64 connections register, register again, delete, fetch and list as fast as they are answered; `kill -9` ends the
service, or its PostgreSQL, in the midst of it. After each round every write that was acknowledged must hold, nothing
may be there twice, and the database must be whole. What was sent and not answered may have been done or not.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from .. import figures
from ..bench import machine
from ..bench.results import say, table
from ..engines import ENGINES
from . import rounds
from .rounds import CONNECTIONS, Load


def main(arguments: Sequence[str] | None = None) -> int:
    """Kill it: 0 when all that was acknowledged held, else 1."""
    options = _options(arguments)
    rows = []
    for engine in options.engines:
        with (
            tempfile.TemporaryDirectory(prefix="chat-bindings-kills-") as name,
            ENGINES[engine](Path(name), []) as make,
        ):
            if options.rounds:
                load = rounds.of_service(make(), options.rounds, options.seed, say)
                rows.append(_row(f"{options.rounds} of the service on {engine}", load))
            if options.database_rounds and engine == "postgresql":
                load = rounds.of_postgresql(make(), options.database_rounds, options.seed, say)
                rows.append(_row(f"{options.database_rounds} of PostgreSQL", load))
    lines = [f"{CONNECTIONS} connections.", "", *_table(rows)]
    say("", *lines)
    if options.figures:
        figures.write("resilience", "kills", machine.sentence(machine.describe()), lines)
    return 1 if any(numbers["did not hold"] for _, numbers in rows) else 0


def _row(kills: str, load: Load) -> tuple[str, dict[str, int]]:
    say(*load.ledger.broken)
    return kills, {**load.ledger.answered, "did not hold": len(load.ledger.broken)}


def _table(rows: Sequence[tuple[str, dict[str, int]]]) -> list[str]:
    head = list(dict.fromkeys(name for _, numbers in rows for name in numbers if name != "did not hold"))
    head.append("did not hold")
    return table(
        ["kills", *head], [[kills, *(f"{numbers.get(name, 0):,}" for name in head)] for kills, numbers in rows]
    )


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.load.kills", description=__doc__)
    parser.add_argument("--engine", dest="engines", action="append", choices=list(ENGINES))
    parser.add_argument("--rounds", type=int, default=200, help="of the service, on each engine")
    parser.add_argument("--database-rounds", type=int, default=50, help="of PostgreSQL")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--figures", action="store_true", help="write the table into the guide resilience")
    options = parser.parse_args(arguments)
    options.engines = options.engines or list(ENGINES)
    return options


if __name__ == "__main__":
    sys.exit(main())
