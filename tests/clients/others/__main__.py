"""Run the generators of others and write the table of the guide: `make clients`, `python -m tests.clients.others`."""

import platform
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from chat_bindings.site.downloads import downloads

from ...load.figures import say, write
from ...support.databases import DATABASES
from ...support.running import Service, World
from .driver import Failed, Generator, Missing, Reference, check, generators, version_of

_SEEN = {
    "client": "compiles; fetch, both filters, all pages, errors and a delete are right",
    "framework": "starts; checks parameters and credentials, filters arrive whole",
    "stub": "compiles, starts, and answers each operation with the {list} of a stub",
}
_HEAD = ("| generator | version | for | from OpenAPI | what was seen | what it needs |",
         "| --- | --- | --- | --- | --- | --- |")  # fmt: skip
_TOOLS = {"node": "Node.js", "go": "Go", "cargo": "Rust", "javac": "Java"}


def main() -> int:
    """Run them one after the other: 0 when each that this machine can have is right, else 1."""
    table = generators()
    with tempfile.TemporaryDirectory(prefix="chat-bindings-others-") as name:
        folder = Path(name)
        for file, content in downloads().items():
            (folder / file).write_bytes(content)
        world = World.made(folder / "fixtures.json")
        with Service(DATABASES.loaded(folder / "service.db", folder / "fixtures.json")) as service:
            skipped, failed = _run(table, folder, Reference(service.url, world))
    if skipped or failed:
        say("The guide stays as it is: its table is of a run in which nothing was skipped and nothing failed.")
    else:
        say(f"Written: {write('generators', 'others', _machine(), section(table))}")
    return 1 if failed else 0


def section(table: Sequence[Generator]) -> list[str]:
    """Return the table and the commands of the guide."""
    typed = "\n\n".join("\n".join([f"# {each.title} {each.version}", *each.commands()]) for each in table)
    return [*_HEAD, *map(_row, table), "", "```sh", typed, "```"]


def _row(generator: Generator) -> str:
    """Return a generator's line of the table."""
    by_version = {"bindings.3.1.json": "3.1"}
    read = dict.fromkeys(by_version.get(spec, "3.0") for spec in generator.specs)
    needs = f"{generator.beside}. {generator.note}" if generator.beside else generator.note
    cells = (
        f"`{generator.title}`",
        generator.version,
        f"{generator.language}, {generator.kind}",
        ", ".join(read),
        f"{_SEEN[generator.kind].format(**generator.answers)} ({generator.strict})",
        needs.strip(),
    )
    return f"| {' | '.join(cells)} |"


def _run(table: Sequence[Generator], folder: Path, reference: Reference) -> tuple[int, int]:
    skipped = failed = 0
    for number, generator in enumerate(table, 1):
        began = time.monotonic()
        try:
            check(generator, folder, reference)
            outcome = f"right, {time.monotonic() - began:.0f} s"
        except Missing as missing:
            skipped += 1
            outcome = f"skipped: {missing}"
        except (Failed, AssertionError) as wrong:
            failed += 1
            outcome = f"WRONG: {wrong}"
        say(f"[{number}/{len(table)}] {generator.title} {generator.version}: {outcome}")
    return skipped, failed


def _machine() -> str:
    versions = [f"{name} {version_of(tool)}" for tool, name in _TOOLS.items()]
    return f"{platform.system()} with Python {platform.python_version()}, {', '.join(versions)}."


if __name__ == "__main__":
    sys.exit(main())
