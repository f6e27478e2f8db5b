"""Writes: our service, whose writes share commits, and one commit a request, each on a database of its own."""

import os
import shutil
from collections import Counter, defaultdict
from pathlib import Path
from secrets import token_hex

from ..figures import table
from ..worlds import Population, import_world, sid
from .contending import WRITERS, Command, Contender, Site, running, turns
from .kinds import deletions, registrations
from .wrk import Driven, drive, medians

CONNECTIONS = (1, 64)
_SIZE = 250_000

FLUSH_MS = 4
"""Added milliseconds of a flush on the slowed disk: it is then as slow as a network volume or a busy disk."""


def slow_down(command: Command) -> Command:
    """Slow down each flush of a server: how much shared commits gain depends on that alone."""
    flushes = "fsync,fdatasync"
    strace = ["strace", "-D", "-f", "-qq", "--seccomp-bpf", "-o", os.devnull, "-e", f"trace={flushes}"]
    strace += ["-e", f"inject={flushes}:delay_exit={FLUSH_MS}ms"]
    return lambda site, port: [*strace, *command(site, port)]


def measure(folder: Path, *, rounds: int, seconds: int) -> list[str]:
    """Drive both: on the disk as it is and, with strace, on a slower. Each Binding of the world is deleted once."""
    database = folder / "written.db"
    import_world(folder / "world.json", f"sqlite:///{database}", Population(_SIZE).lines())
    doomed = deletions([sid(number * 7919 % _SIZE) for number in range(_SIZE)])  # 7919: a prime, so all once
    sites = {each: Site(shutil.copy(database, database.with_name(f"{each.name}.db"))) for each in WRITERS}
    deleted: Counter[Contender] = Counter()
    driven: dict[str, dict[Contender, list[Driven]]] = defaultdict(lambda: defaultdict(list))

    def run(contender: Contender, url: str, connections: int, remark: str = "") -> None:
        remark = f"{connections} connection{'s' * (connections > 1)}{remark}"
        registered = drive(url, registrations(token_hex(8)), connections=connections, seconds=seconds)
        driven[f"register, {remark}"][contender].append(registered)
        gone = drive(url, doomed, connections=connections, seconds=seconds, first=deleted[contender])
        driven[f"delete, {remark}"][contender].append(gone)
        deleted[contender] += int(gone.requests) + connections  # wrk goes away from what is not answered yet

    for contender in turns("writes", WRITERS, rounds):
        with running(contender.command, sites[contender]) as process:
            for connections in CONNECTIONS:
                run(contender, process.url, connections)
        if shutil.which("strace"):
            with running(slow_down(contender.command), sites[contender]) as process:
                run(contender, process.url, CONNECTIONS[-1], f", a flush {FLUSH_MS} ms longer")
    rows = []
    for kind, by_contender in driven.items():
        ours, other = (medians(by_contender[each]) for each in WRITERS)
        cells = [f"{each.rate:,.0f} ({each.latencies} ms)" for each in (ours, other)]
        rows.append([kind, *cells, f"{ours.rate / other.rate:.2f}"])
    return table(["writes/s (p50 / p99)", *(each.label for each in WRITERS), "ratio"], rows)
