"""The README, its commands run as shown."""

import re
from pathlib import Path

import pytest

from chat_bindings.site.guides import NAMES

from ..support.consoles import check, steps

README = Path(__file__).parents[2] / "README.md"


@pytest.mark.needs("curl")
def test_the_commands_of_the_readme_print_what_it_shows(tmp_path):
    """The README's commands print the shown output, one after the other, but for SIDs, tokens and times."""
    typed = steps(README)
    assert len(typed) > 8
    check(typed, tmp_path)


def test_the_readme_is_short():
    """At most 200 lines and 12 KB: what people read."""
    text = README.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 200
    assert len(text.encode()) <= 12 * 1024


def test_the_readmes_links_and_tree_lead_somewhere():
    """Each relative link, and each folder of the tree, is there; every guide is linked."""
    text = README.read_text(encoding="utf-8")
    linked = {link for link in re.findall(r"\]\(([^)]+)\)", text) if "://" not in link}
    assert {f"openapi/guides/{name}.md" for name in NAMES} <= linked
    tree = text.partition("## How it is built")[2].partition("Each folder")[0]
    parent = ""
    for line in filter(str.strip, tree.splitlines()):
        name = line.split()[0]
        parent = name if line.startswith("    " + name) else parent
        linked.add(name if name == parent else parent + name)
    assert [link for link in sorted(linked) if not (README.parent / link).exists()] == []


def test_the_readmes_make_targets_are_there():
    """Each `make` target that the README names is in the Makefile."""
    makefile = (README.parent / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"\bmake ([a-z-]+)\b", README.read_text(encoding="utf-8")))
    assert {"run", "test", "check", "ci", "nightly"} <= targets
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
