"""The README, as a reader who types what it says."""

import re
from pathlib import Path

import pytest

from ..support.consoles import Step, check, steps

README = Path(__file__).parents[2] / "README.md"


@pytest.mark.needs("curl")
def test_the_commands_of_the_readme_print_what_it_shows(tmp_path):
    """Typed one after the other, the README's commands print what it shows, but for SIDs, tokens and times."""
    typed = steps(README)
    assert len(typed) > 8
    check(typed, tmp_path)


@pytest.mark.needs("curl")
def test_the_commands_on_postgresql_print_what_it_shows(tmp_path, postgres):
    """So do those for PostgreSQL, on a real one."""
    typed = steps(README, "console postgresql")
    assert len(typed) > 5
    address = postgres.url(postgres.create_database())
    shown = "postgresql://chat@db.example.com/chat"
    check(
        [Step(step.command.replace(shown, address), [line.replace(shown, address) for line in step.output])
         for step in typed],
        tmp_path,
    )  # fmt: skip


def test_the_readmes_map_names_what_is_there():
    """Each file and folder in the README's map is where the map says."""
    text = README.read_text(encoding="utf-8")
    block = text.partition("## The map of the parts")[2].partition("Who imports whom")[0]
    stack: list[tuple[int, Path]] = []
    named = 0
    for line in filter(str.strip, block.splitlines()):
        indent = len(line) - len(line.lstrip())
        while stack and stack[-1][0] >= indent:
            stack.pop()
        parent = stack[-1][1] if stack else README.parent
        for name in line.strip().partition("  ")[0].split():
            assert (parent / name).exists(), f"{parent.name}/{name}"
            named += 1
        stack.append((indent, parent / line.split()[0]))
    assert named > 20


def test_the_readmes_make_targets_are_there():
    """Each `make` target that the README names is in the Makefile."""
    makefile = (README.parent / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"\bmake ([a-z-]+)\b", README.read_text(encoding="utf-8")))
    assert {"run", "test", "check", "fuzz"} <= targets
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
