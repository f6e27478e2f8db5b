"""A world of a million Bindings, imported, exported and copied to PostgreSQL and back: `make million`."""

import argparse
import filecmp
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..support.postgres import Postgres
from .commands import Measured, measure
from .figures import publish, say, table
from .worlds import SERVICE, line, write_world

MEMORY = 300  # MB
_TALLY = re.compile(r"bindings \d+, sha256 [0-9a-f]{64}")


def bindings(size: int, bad: int | None = None) -> Iterator[str]:
    """Make Bindings of a few devices a user, of which one may be bad."""
    for number in range(size):
        scattered = number * 2654435761 % 2**32  # users register in no order
        kind = "sms" if number == bad else ("apn", "gcm", "fcm")[number % 3]
        yield line(number, f"user-{scattered % max(size * 2 // 5, 1)}@example.com", kind)


class Steps(list[list[str]]):
    """The costs of each command, as a row of the table."""

    def run(self, label: str, *arguments: object, fails: bool = False) -> Measured:
        """Run a command, which takes no more memory than the limit."""
        step = measure(*arguments, fails=fails)
        self.append([label, f"{step.seconds:.1f}", f"{step.computed:.1f}", f"{step.memory:.0f} MB"])
        say(" | ".join(self[-1]))
        assert step.memory < MEMORY
        return step


def import_and_export(steps: Steps, folder: Path, size: int) -> None:
    """Refuse, import, replace and export: the same bytes each time, in bounded memory."""
    world, one, two = (folder / f"{name}.json" for name in ("world", "one", "two"))
    on = ("--database", f"sqlite:///{folder}/million.db")
    write_world(world, bindings(size, bad=size // 2))
    label = "`import` with one bad Binding in its middle: refused, nothing changed"
    refused = steps.run(label, "import", world, *on, fails=True)
    assert f"line {size // 2 + 2}, /accounts/0/services/0/bindings/{size // 2}/binding_type: " in refused.stderr
    measure("export", "-o", one, *on)
    assert one.stat().st_size < 100
    write_world(world, bindings(size))
    steps.run("`import`", "import", world, *on)
    steps.run("`export`", "export", "-o", one, *on)
    assert one.stat().st_size > 300 * size
    steps.run("`import --replace` of what is there: the same database", "import", "--replace", one, *on)
    write_world(world, bindings(size), sid_first=False)
    steps.run("`import --replace`, with Bindings before the SID", "import", "--replace", world, *on)
    measure("export", "-o", two, *on)
    assert filecmp.cmp(one, two, shallow=False)


def copy(steps: Steps, folder: Path, size: int) -> None:
    """Copy to PostgreSQL and back: the same digest four times, and the same export."""
    one, other = folder / "one.json", folder / "other.json"
    sqlite, copied = (f"sqlite:///{folder}/{name}.db" for name in ("million", "back"))
    with Postgres(fsync=True, settings={"shared_buffers": "1GB", "max_wal_size": "4GB"}) as server:
        postgresql = server.url(server.create_database())
        there = steps.run("`database copy` to PostgreSQL", "database", "copy", sqlite, postgresql)
        back = steps.run("`database copy` back", "database", "copy", postgresql, copied)
        steps.run("`export` from PostgreSQL", "export", "-o", other, "--database", postgresql)
        assert filecmp.cmp(one, other, shallow=False)
    measure("export", "-o", other, "--database", copied)
    assert filecmp.cmp(one, other, shallow=False)
    tallies = _TALLY.findall(there.stdout + back.stdout)
    assert len(tallies) == 4
    assert len(set(tallies)) == 1
    assert tallies[0].startswith(f"bindings {size}, ")


def main(arguments: Sequence[str] | None = None) -> int:
    """Take all steps. Raises an error where one does not hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.load.million", description=__doc__)
    parser.add_argument("size", nargs="?", type=int, default=1_000_000, help="number of Bindings")
    parser.add_argument("--figures", action="store_true", help="write the table into the guide performance")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="chat-bindings-million-") as name:
        folder = Path(name)
        steps = Steps()
        import_and_export(steps, folder, options.size)
        copy(steps, folder, options.size)
        deletion = ("service", "delete", SERVICE, "--cascade", "--database", f"sqlite:///{folder}/million.db")
        steps.run("`service delete --cascade`", *deletion)
    lines = table(["step", "seconds", "of CPU", "peak memory"], steps)
    publish("performance", "million", lines, is_kept=options.figures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
