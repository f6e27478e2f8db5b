"""A world of a million Bindings: `make million` runs this, and prints what it measured."""

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from ..support.running import CLI, environment
from .worlds import SERVICE, line, write_world

MILLION = 1_000_000
MEMORY = 300  # MB


class Measured(NamedTuple):
    """How a command ended, how long it took, and the most memory that it held, in MB."""

    returncode: int
    stderr: str
    seconds: float
    memory: float


def measure(label: str, folder: Path, *arguments: object) -> Measured:
    """Run a command and print what it took."""
    command = [*CLI, *map(str, arguments), "--database", f"sqlite:///{folder}/million.db"]
    with (folder / "stderr").open("w+") as stderr:
        started = time.monotonic()
        process = subprocess.Popen(command, stderr=stderr, env=environment())
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        stderr.seek(0)
        measured = Measured(process.returncode, stderr.read(), seconds, usage.ru_maxrss * 1024 / 1e6)
    computed = usage.ru_utime + usage.ru_stime
    _say(f"{label}: {seconds:.1f} s, of which {computed:.1f} s computing, and at most {measured.memory:.0f} MB")
    return measured


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - what was measured is what this is for


def bindings(bad: int | None = None) -> Iterator[str]:
    """A million Bindings, of a few devices a user, of which one may be bad."""
    for number in range(MILLION):
        scattered = number * 2654435761 % 2**32  # users register in no order
        kind = "sms" if number == bad else ("apn", "gcm", "fcm")[number % 3]
        yield line(number, f"user-{scattered % 400_000}@example.com", kind)


@pytest.mark.slow
def test_a_million_bindings_are_imported_and_exported_in_bounded_memory(tmp_path):
    """A million Bindings are imported, refused, replaced and exported under 300 MB, and give the same bytes."""
    world, one, two = tmp_path / "world.json", tmp_path / "one.json", tmp_path / "two.json"
    _say(f"\n{MILLION:,} Bindings, on {os.cpu_count()} cores, of which {os.getloadavg()[0]:.1f} were busy before:")
    write_world(world, bindings(bad=MILLION // 2))
    refused = measure("an import with one bad Binding in its middle", tmp_path, "import", world)
    assert refused.returncode == 2
    assert f"line {MILLION // 2 + 2}, /accounts/0/services/0/bindings/{MILLION // 2}/binding_type: " in refused.stderr
    empty = measure("an export of nothing", tmp_path, "export", "-o", one)
    assert one.stat().st_size < 100

    write_world(world, bindings())
    steps = [
        measure("import", tmp_path, "import", world),
        measure("export", tmp_path, "export", "-o", one),
        measure("import --replace", tmp_path, "import", "--replace", one),
    ]
    write_world(world, bindings(), sid_first=False)
    steps.append(measure("import --replace, with Bindings before the SID", tmp_path, "import", "--replace", world))
    steps.append(measure("export", tmp_path, "export", "-o", two))
    steps.append(measure("service delete --cascade", tmp_path, "service", "delete", SERVICE, "--cascade"))
    assert [step.returncode for step in steps] == [0] * len(steps), [step.stderr for step in steps]
    assert one.stat().st_size > 300 * MILLION
    assert subprocess.run(["cmp", one, two], check=False).returncode == 0
    assert max(step.memory for step in [refused, empty, *steps]) < MEMORY
