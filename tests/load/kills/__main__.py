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

from ..bench.results import say
from ..engines import ENGINES
from . import rounds
from .rounds import CONNECTIONS, Load


def main(arguments: Sequence[str] | None = None) -> int:
    """Kill it: 0 when all that was acknowledged held, else 1."""
    options = _options(arguments)
    sums = []
    for engine in options.engines:
        with (
            tempfile.TemporaryDirectory(prefix="chat-bindings-kills-") as name,
            ENGINES[engine](Path(name), []) as make,
        ):
            if options.rounds:
                load = rounds.of_service(make(), options.rounds, options.seed, say)
                sums.append(_sum(f"{options.rounds} kills of the service on {engine}", load))
            if options.database_rounds and engine == "postgresql":
                load = rounds.of_postgresql(make(), options.database_rounds, options.seed, say)
                sums.append(_sum(f"{options.database_rounds} kills of PostgreSQL", load))
    say("", *(line for _, line in sums))
    return 1 if any(broken for broken, _ in sums) else 0


def _sum(what: str, load: Load) -> tuple[list[str], str]:
    ledger = load.ledger
    done = ", ".join(f"{number:,} {name}" for name, number in ledger.answered.items())
    say(*ledger.broken)
    line = f"{what}, under {CONNECTIONS} connections: {done}; {len(ledger.broken)} did not hold."
    return ledger.broken, line


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.load.kills", description=__doc__)
    parser.add_argument("--engine", dest="engines", action="append", choices=list(ENGINES))
    parser.add_argument("--rounds", type=int, default=200, help="of the service, on each engine")
    parser.add_argument("--database-rounds", type=int, default=50, help="of PostgreSQL")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    options.engines = options.engines or list(ENGINES)
    return options


if __name__ == "__main__":
    sys.exit(main())
