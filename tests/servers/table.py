"""Verify every wrong server and every right one, and write the table: `make wrong-servers`.

Each wrong server gets a whole strict run, and each that is right but different ten in a row. The table names what
catches each wrong server: the clause that is meant for it, and how many others.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from chat_bindings.verify.suite import clauses
from chat_bindings.verify.violation import CannotRun

from ..support.running import World
from ..verify.judging import Wrong, python_servers, servers_on, verified
from .catalogue import by_name, different, name_of, sentence_of
from .right import Right
from .running import serving
from .stacks import STACKS, is_there, serving_on

TABLE = Path(__file__).with_name("README.md")
_IN_A_ROW = 10
_ON = {f"right, on {stack}": stack for stack in STACKS}

_HEAD = """# The servers that prove `verify`

Written by `make wrong-servers`, which verifies each of them with `--strict`. Each wrong server has one defect, and is
caught by the clause that is meant for it; *and* says how many other clauses it breaks as well.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run all of it: 0 when each server was judged as it should be, else 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.servers.table", description=__doc__)
    parser.add_argument("--jobs", type=int, default=2, help="servers at the same time (%(default)s)")
    parser.add_argument("--in-a-row", type=int, default=_IN_A_ROW, help="runs of each right server (%(default)s)")
    parser.add_argument("--only", choices=("wrong", "right"), help="some of the servers")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="chat-bindings-servers-") as folder:
        world_file = Path(folder) / "world.json"
        World.made(world_file)
        with ProcessPoolExecutor(options.jobs) as pool:
            judged = []
            if options.only != "right":
                judged += [(_caught, server, world_file) for server in everything()]
            if options.only != "wrong":
                judged += [(_accused, name, world_file, options.in_a_row) for name in right_names()]
            futures = [pool.submit(*each) for each in judged]
            for number, future in enumerate(as_completed(futures), 1):
                _say(f"[{number}/{len(futures)}] {future.result()[1]}")
    results = [future.result() for future in futures]
    rows = [text for good, text in results if good and text.startswith("|")]
    wrongly = [text for good, text in results if not good]
    if options.only != "right" and not wrongly:
        TABLE.write_text(document(rows), encoding="utf-8")
    _say("", *wrongly, f"{len(results)} servers, {len(wrongly)} judged wrongly")
    return 1 if wrongly else 0


def everything() -> list[Wrong]:
    """All wrong servers, in the order of their clauses."""
    order = [clause.id for clause in clauses()]
    return sorted(
        [*python_servers(), *(server for stack in STACKS if is_there(stack) for server in servers_on(stack))],
        key=lambda each: order.index(each.clause),
    )


def right_names() -> list[str]:
    """The right servers, those that are different among them."""
    rights = [name for name, stack in _ON.items() if is_there(stack)]
    return [name_of(Right), *rights, *map(name_of, different())]


def document(rows: Sequence[str]) -> str:
    """The file with the table."""
    head = ["| clause | server | in | defect | and |", "| --- | --- | --- | --- | --- |"]
    lines = [_HEAD, f"## {len(rows)} wrong servers", "", *head, *rows, ""]
    lines += [f"## {len(different())} that are right but different", "", "| server | what it does |", "| --- | --- |"]
    lines += [f"| {name_of(each)} | {_cell(sentence_of(each))} |" for each in different()]
    return "\n".join([*lines, ""])


def row(server: Wrong, others: int) -> str:
    """A wrong server's line in the table."""
    return f"| {server.clause} | {server.name} | {server.language} | {_cell(server.defect)} | {others or ''} |"


def _caught(server: Wrong, world_file: Path) -> tuple[bool, str]:
    """Verify a wrong server: whether it was caught, and its row or why not."""
    try:
        with server.serving(world_file) as url:
            report = verified(url, world_file)
    except CannotRun as error:
        return False, f"{server.name} cannot be verified: {error}"
    failed = [result.clause.id for result in report.results if result.outcome == "failed"]
    if server.clause not in failed:
        return False, f"{server.name} is not caught by {server.clause}, but by {', '.join(failed) or 'nothing'}"
    return True, row(server, len(failed) - 1)


def _accused(name: str, world_file: Path, in_a_row: int) -> tuple[bool, str]:
    """Verify a right server, several times: whether it was never accused, and of what."""
    world = json.loads(world_file.read_text(encoding="utf-8"))
    for number in range(1, in_a_row + 1):
        context = serving_on(_ON[name], world_file) if name in _ON else serving(by_name(name), world)
        with context as url:
            report = verified(url, world_file)
        accused = [f"{result.clause.id} {result.outcome}" for result in report.results if result.outcome != "passed"]
        if accused:
            return False, f"{name}, run {number}: {', '.join(accused)}"
    return True, f"{name}: conformant {in_a_row} times in a row"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def _say(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
