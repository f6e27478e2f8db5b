"""Our app under uvicorn and granian, by loop and parser: `make bench-servers`."""

import argparse
import sys
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ..worlds import Population
from . import machine
from .__main__ import load
from .contending import Site, running
from .kinds import reads
from .results import RESULTS, keep, say, summary, table
from .wrk import Driven, drive, missing

_SIZE = 10_000
_KINDS = ("fetch", "list of 50")


class Server(NamedTuple):
    """A server, its loop and its parser."""

    server: str
    loop: str
    http: str

    @property
    def label(self) -> str:
        return f"{self.server}, {self.loop}, {self.http}"

    def command(self, site: Site, port: int) -> Sequence[str]:
        options = ["--server", self.server, "--loop", self.loop]
        options += ["--http", self.http] if self.server == "uvicorn" else []  # granian has its own
        return [sys.executable, "-m", "tests.load.bench.contenders", "ours", str(port), *options]


SERVERS = (
    *(Server("uvicorn", loop, http) for loop in ("uvloop", "asyncio") for http in ("httptools", "h11")),
    *(Server("granian", loop, "hyper") for loop in ("uvloop", "asyncio")),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure all of them, in turn and interleaved."""
    parser = argparse.ArgumentParser(prog="python -m tests.load.bench.servers", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--output", type=Path, default=RESULTS)
    options = parser.parse_args(arguments)
    if lacking := missing():
        say(*lacking)
        return 2
    driven: dict[str, dict[str, list[Driven]]] = defaultdict(lambda: defaultdict(list))
    with tempfile.TemporaryDirectory(prefix="chat-bindings-bench-") as name:
        population = Population(_SIZE)
        site = Site(load(Path(name), population), Path())
        kinds = [kind for kind in reads(population) if kind.name in _KINDS]
        for number in range(options.rounds):
            start = number % len(SERVERS)
            for server in (*SERVERS[start:], *SERVERS[:start]):
                say(f"round {number + 1} of {options.rounds}: {server.label}")
                with running(server.command, site) as process:
                    drive(process.url, kinds[0].load, connections=options.connections, seconds=1)
                    for kind in kinds:
                        measured = drive(
                            process.url, kind.load, connections=options.connections, seconds=options.seconds
                        )
                        driven[server.label][kind.name].append(measured)
    results = {label: {kind: summary(each) for kind, each in by_kind.items()} for label, by_kind in driven.items()}
    named = machine.describe()
    keep(options.output, machine=named, servers=results)
    rows = [
        [server.label]
        + [
            f"{each['requests_per_s']:,.0f} ({each['p50_ms']:.2f} / {each['p99_ms']:.2f} ms)"
            for each in (results[server.label][kind] for kind in _KINDS)
        ]
        for server in SERVERS
    ]
    head = ["our app under", *(f"{kind}, requests/s (p50 / p99)" for kind in _KINDS)]
    say("", machine.sentence(named), "", *table(head, rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
