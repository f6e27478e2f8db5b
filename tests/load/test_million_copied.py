"""A million Bindings, copied to PostgreSQL and back: `make million` runs this, and prints what it measured."""

import os
import re
import subprocess

import pytest

from ..support.postgres import Postgres
from ..support.running import CLI
from .commands import Measured, measured
from .test_million import MEMORY, MILLION, bindings
from .worlds import write_world

TALLY = re.compile(r"bindings \d+, sha256 [0-9a-f]{64}")


def measure(label: str, *arguments: object) -> Measured:
    """Run a command and print what it took."""
    step = measured([*CLI, *map(str, arguments)])
    print(  # noqa: T201 - what was measured is what this is for
        f"{label}: {step.seconds:.1f} s, of which {step.computed:.1f} s computing, and at most {step.memory:.0f} MB",
        flush=True,
    )
    assert step.returncode == 0, step.stderr
    return step


@pytest.mark.nightly("takes minutes")
def test_a_million_bindings_are_copied_to_postgresql_and_back(tmp_path):
    """Copied to PostgreSQL and back, a million Bindings have the same digest four times, and give the same export."""
    world, one, two = tmp_path / "world.json", tmp_path / "one.json", tmp_path / "two.json"
    sqlite, back = (f"sqlite:///{tmp_path}/{name}.db" for name in ("million", "back"))
    print(f"\n{MILLION:,} Bindings, {os.getloadavg()[0]:.1f} cores were busy before:")  # noqa: T201 - as above
    write_world(world, bindings())
    with Postgres(fsync=True, settings={"shared_buffers": "1GB", "max_wal_size": "4GB"}) as server:
        postgresql = server.url(server.create_database())
        steps = [
            measure("import", "import", world, "--database", sqlite),
            measure("database copy to PostgreSQL", "database", "copy", sqlite, postgresql),
            measure("database copy back", "database", "copy", postgresql, back),
            measure("export of the first", "export", "-o", one, "--database", sqlite),
            measure("export from PostgreSQL", "export", "-o", two, "--database", postgresql),
        ]
        assert subprocess.run(["cmp", one, two], check=False).returncode == 0
        measure("export of the copy", "export", "-o", two, "--database", back)
        assert subprocess.run(["cmp", one, two], check=False).returncode == 0
    tallies = [found for step in steps[1:3] for found in TALLY.findall(step.stdout)]
    assert len(tallies) == 4
    assert len(set(tallies)) == 1
    assert tallies[0].startswith(f"bindings {MILLION}, ")
    print(tallies[0])  # noqa: T201 - as above
    assert max(step.memory for step in steps) < MEMORY
