"""Verify every wrong server and every right one, and write the table: `make wrong-servers`.

Each wrong server gets a whole strict run, and each that is right but different ten in a row, or as many as fit into
some minutes. The table names what catches each wrong server: the clause that is meant for it, and how many others.
Runs that mostly wait stand beside those that take the processor's time.
"""

import gc
import json
import multiprocessing
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import NamedTuple

from chat_bindings.verify.suite import clauses
from chat_bindings.verify.violation import CannotRun

from ..load.figures import say
from ..support.running import World
from ..verify.judging import Wrong, python_servers, servers_on, verified
from .catalogue import by_name, different, name_of, sentence_of
from .http import serving
from .right import Right
from .stacks import STACKS, is_there, serving_on

TABLE = Path(__file__).with_name("README.md")
_IN_A_ROW = 10
_RIGHT_WITHIN_S = 180
"""Seconds after which a right server is verified no more, if it was verified twice."""
_TWICE = 2
_JOBS = (os.cpu_count() or 1) + 1
"""Runs at the same time: each waits for a quarter of its time."""
_ON = {f"right, on {stack}": stack for stack in STACKS}
_ALONE = 2
"""Wrong servers of each newer clause that no other clause finds, at least."""

_FIRST = {
    "BINDING": 19, "FETCH": 9, "LIST": 15, "PAGE": 31, "FILTER": 14, "TEXT": 21, "DELETE": 14, "ERROR": 17,
    "AUTH": 17, "TENANT": 10, "HTTP": 11, "RACE": 6,
}  # fmt: skip
"""The last number of each section in the first edition of the clauses: those beyond are the newer ones."""

_SHARPENED = {
    "AUTH-03", "BINDING-19", "ERROR-13", "ERROR-14", "ERROR-16", "HTTP-06", "HTTP-08", "PAGE-22", "PAGE-25", "PAGE-26",
    "PAGE-27", "TEXT-14", "TEXT-17", "TEXT-18", "TEXT-19",
}  # fmt: skip
"""The clauses of the first edition whose rule has changed since."""

_HALVES = ({"ERROR-18", "ERROR-19"}, {"FILTER-17", "FILTER-18"})
"""Clauses that are the `must` and the `should` of one rule, and count as one."""

_HEAD = """# The servers that prove `verify`

Written by `make wrong-servers`, which verifies each of them with `--strict`. Each wrong server has one defect, and is
caught by the clause that is meant for it; *and* says how many other clauses it breaks as well.
"""


def main() -> int:
    """Run all of it. Returns 0 when each server was judged as it should be, else 1."""
    with tempfile.TemporaryDirectory(prefix="chat-bindings-servers-") as folder:
        world_file = Path(folder) / "world.json"
        World.made(world_file)
        rights = right_names()
        waiting = [name for name in rights if name not in _ON and by_name(name).waits]
        with _pool(_JOBS) as pool, _pool(max(1, len(waiting))) as beside:
            futures = [beside.submit(_accused, name, world_file) for name in waiting]
            futures += [pool.submit(_caught, each, world_file) for each in everything()]
            futures += [pool.submit(_accused, name, world_file) for name in rights if name not in waiting]
            for number, future in enumerate(as_completed(futures), 1):
                judgement = future.result()
                say(f"[{number}/{len(futures)}] {judgement.text}{f' {judgement.others}' if judgement.others else ''}")
    results = [future.result() for future in futures]
    wrongly = [each.text for each in results if not each.is_right] + too_few_alone(results)
    if not wrongly:
        TABLE.write_text(document([each.text for each in results if each.text.startswith("|")]), encoding="utf-8")
    say("", *wrongly, f"{len(results)} servers, {len(wrongly)} judged wrongly")
    return 1 if wrongly else 0


def everything() -> list[Wrong]:
    """List all wrong servers, in the order of their clauses."""
    order = [clause.id for clause in clauses()]
    others = (server for stack in STACKS if is_there(stack) for server in servers_on(stack))
    return sorted([*python_servers(), *others], key=lambda each: order.index(each.clause))


def is_newer(clause: str) -> bool:
    """Tell whether a clause, or its rule as it is now, is none of the first edition."""
    section, _, number = clause.partition("-")
    return int(number) > _FIRST[section] or clause in _SHARPENED


def too_few_alone(results: Sequence["Judgement"]) -> list[str]:
    """Name the newer clauses of which too few wrong servers are found by no other clause."""
    alone = Counter(each.clause for each in results if each.is_right and each.clause and not each.others)
    wanted = [clause.id for clause in clauses() if is_newer(clause.id)]
    return [f"{each} alone finds {alone[each]} servers, and not {_ALONE}" for each in wanted if alone[each] < _ALONE]


def right_names() -> list[str]:
    """List the right servers, those that are different among them."""
    rights = [name for name, stack in _ON.items() if is_there(stack)]
    return [name_of(Right), *rights, *map(name_of, different())]


def document(unordered: Sequence[str]) -> str:
    """Return the file with the table."""
    order = [clause.id for clause in clauses()]
    rows = sorted(unordered, key=lambda line: order.index(line.split(" ")[1]))
    head = ["| clause | server | in | defect | and |", "| --- | --- | --- | --- | --- |"]
    lines = [_HEAD, f"## {len(rows)} wrong servers", "", *head, *rows, ""]
    lines += [f"## {len(different())} that are right but different", "", "| server | what it does |", "| --- | --- |"]
    lines += [f"| {name_of(each)} | {_cell(sentence_of(each))} |" for each in different()]
    return "\n".join([*lines, ""])


def row(server: Wrong, others: int) -> str:
    """Return a wrong server's line in the table."""
    return f"| {server.clause} | {server.name} | {server.language} | {_cell(server.defect)} | {others or ''} |"


class Judgement(NamedTuple):
    """The outcome of verifying a server."""

    is_right: bool
    text: str
    """Its row, or the error."""
    clause: str = ""
    """The clause that caught it."""
    others: Sequence[str] = ()
    """The other clauses that it breaks, but for the other half of the same rule."""


def _pool(jobs: int) -> ProcessPoolExecutor:
    """Make processes that collect no garbage during a run, but after each."""
    return ProcessPoolExecutor(jobs, multiprocessing.get_context("fork"), gc.disable)


def _caught(server: Wrong, world_file: Path) -> Judgement:
    """Verify a wrong server, and judge whether it was caught, with its row or why not."""
    try:
        with server.serving(world_file) as url:
            report = verified(url, world_file)
    except CannotRun as error:
        return Judgement(is_right=False, text=f"{server.name} cannot be verified: {error}")
    finally:
        gc.collect()
    failed = [result.clause.id for result in report.results if result.outcome == "failed"]
    if server.clause not in failed:
        found = ", ".join(failed) or "nothing"
        return Judgement(is_right=False, text=f"{server.name} is not caught by {server.clause}, but by {found}")
    own: set[str] = next((each for each in _HALVES if server.clause in each), {server.clause})
    others = [each for each in failed if each not in own]
    return Judgement(is_right=True, text=row(server, len(failed) - 1), clause=server.clause, others=others)


def _accused(name: str, world_file: Path) -> Judgement:
    """Verify a right server, several times, and judge whether it was never accused, or of what."""
    world = json.loads(world_file.read_text(encoding="utf-8"))
    began = time.monotonic()
    number = 0
    while number < _IN_A_ROW and (number < _TWICE or time.monotonic() - began < _RIGHT_WITHIN_S):
        number += 1
        context = serving_on(_ON[name], world_file) if name in _ON else serving(by_name(name)(world))
        with context as url:
            report = verified(url, world_file)
        accused = [f"{result.clause.id} {result.outcome}" for result in report.results if result.outcome != "passed"]
        if accused:
            return Judgement(is_right=False, text=f"{name}, run {number}: {', '.join(accused)}")
        gc.collect()
    each_s = (time.monotonic() - began) / number
    return Judgement(is_right=True, text=f"{name}: conformant {number} times in a row, {each_s:.0f} s each")


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    sys.exit(main())
