"""A world of a million Bindings: `make million` runs this, and prints what it measured."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..support.running import CLI
from .commands import Measured, measured
from .worlds import SERVICE, line, write_world

MILLION = 1_000_000
MEMORY = 300  # MB


def measure(label: str, folder: Path, *arguments: object) -> Measured:
    """Run a command and print what it took."""
    step = measured([*CLI, *map(str, arguments), "--database", f"sqlite:///{folder}/million.db"])
    _say(f"{label}: {step.seconds:.1f} s, of which {step.computed:.1f} s computing, and at most {step.memory:.0f} MB")
    return step


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - what was measured is what this is for


def bindings(bad: int | None = None) -> Iterator[str]:
    """A million Bindings, of a few devices a user, of which one may be bad."""
    for number in range(MILLION):
        scattered = number * 2654435761 % 2**32  # users register in no order
        kind = "sms" if number == bad else ("apn", "gcm", "fcm")[number % 3]
        yield line(number, f"user-{scattered % 400_000}@example.com", kind)


@pytest.mark.nightly("takes minutes")
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
