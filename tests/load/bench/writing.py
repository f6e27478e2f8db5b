"""Writes: our service, whose writes share commits, and one commit a request, each on a database of its own."""

import os
import shutil
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from secrets import token_hex
from typing import Any

from ..worlds import sid
from .contending import ONE_COMMIT, OURS, Contender, Site, running
from .kinds import deletions, registrations
from .results import Json, ratio, say, summary, table
from .wrk import Driven, drive

CONNECTIONS = (1, 64)

FLUSH_MS = 4
"""Milliseconds that a flush takes longer where the disk is slowed down: to those of a network volume or a busy disk."""


def slowed(command: Callable[[Site, int], Sequence[str]]) -> Callable[[Site, int], Sequence[str]]:
    """A contender, each of whose flushes takes longer: how much shared commits gain depends on that alone."""
    flushes = "fsync,fdatasync"
    strace = ["strace", "-D", "-f", "-qq", "--seccomp-bpf", "-o", os.devnull, "-e", f"trace={flushes}"]
    strace += ["-e", f"inject={flushes}:delay_exit={FLUSH_MS}ms"]
    return lambda site, port: [*strace, *command(site, port)]


class Writing:
    """The rounds of a comparison. What is deleted comes from the world, each Binding once."""

    def __init__(self, database: Path, size: int, *, seconds: float) -> None:
        self._database = database
        self._deletions = deletions([sid(number * 7919 % size) for number in range(size)])  # 7919: a prime, so all once
        self._seconds = seconds
        self._deleted: dict[str, int] = defaultdict(int)
        self._driven: dict[str, dict[str, list[Driven]]] = defaultdict(lambda: defaultdict(list))

    def run(self, contenders: Sequence[Contender], rounds: int) -> Json:
        """Measure all in each round, in an order that rotates: on the disk as it is and, with strace, on a slower."""
        sites = {each.name: Site(self._copy(number), Path()) for number, each in enumerate(contenders)}
        for number in range(rounds):
            start = number % len(contenders)
            for contender in (*contenders[start:], *contenders[:start]):
                say(f"writes, round {number + 1} of {rounds}: {contender.label}")
                with running(contender.command, sites[contender.name]) as process:
                    for connections in CONNECTIONS:
                        self._measure(contender.name, process.url, connections)
                if shutil.which("strace"):
                    with running(slowed(contender.command), sites[contender.name]) as process:
                        self._measure(contender.name, process.url, CONNECTIONS[-1], f", a flush {FLUSH_MS} ms longer")
        return {
            kind: {name: summary(driven) for name, driven in by_name.items()} for kind, by_name in self._driven.items()
        }

    def _copy(self, number: int) -> Path:
        copied = self._database.with_name(f"writing-{number}.db")
        shutil.copy(self._database, copied)
        return copied

    def _measure(self, name: str, url: str, connections: int, remark: str = "") -> None:
        plural = f"{connections} connection{'s' * (connections > 1)}"
        registered = drive(url, registrations(token_hex(8)), connections=connections, seconds=self._seconds)
        self._driven[f"register, {plural}{remark}"][name].append(registered)
        first = self._deleted[name]
        deleted = drive(url, self._deletions, connections=connections, seconds=self._seconds, first=first)
        self._driven[f"delete, {plural}{remark}"][name].append(deleted)
        self._deleted[name] += deleted.requests + connections  # wrk goes away from what is not answered yet


def tables(results: Mapping[str, Any]) -> list[str]:
    """The results, for the README."""
    rows = [
        [
            kind,
            *(
                f"{by_name[each.name]['requests_per_s']:,.0f} ({by_name[each.name]['p50_ms']:.2f} /"
                f" {by_name[each.name]['p99_ms']:.2f} ms)"
                for each in (OURS, ONE_COMMIT)
            ),
            ratio(by_name, OURS.name, ONE_COMMIT.name),
        ]
        for kind, by_name in results.items()
    ]
    return table(["writes/s (p50 / p99)", OURS.label, ONE_COMMIT.label, "ratio"], rows)
