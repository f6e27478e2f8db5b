"""The GitHub Action verifies; that it installs the command is proven by `tests/packaging/test_wheel.py`."""

import re

import pytest

from ..servers.catalogue import by_name
from ..servers.http import serving
from ..servers.right import Right
from ..support.action import INPUTS, VERIFY, run
from ..support.forking import write_program


@pytest.fixture
def runner(tmp_path):
    """Make the runner's folder, with the command where the action installs it."""
    installed = tmp_path / "chat-bindings" / "bin"
    installed.mkdir(parents=True)
    write_program(installed)
    return tmp_path


def test_action(runner, world_file, world):
    """The action ends as the command does, prints its verdict, and leaves reports and a summary."""
    with serving(Right(world.document)) as url:
        inputs = INPUTS | {"base-url": url, "fixtures": str(world_file), "only": "AUTH-05 AUTH-01", "strict": "true"}
        ended = run(VERIFY, inputs, runner)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert (runner / "output").read_text(encoding="utf-8") == "verdict=conformant\n"
    reports = {path.name for path in (runner / INPUTS["report-dir"]).iterdir()}
    assert reports == {"report.json", "junit.xml", "report.html", "clauses.html"}


def test_action_annotates(runner, world_file, world):
    """Each violation is an annotation, one that the baseline knows a notice; the summary is a table; a target's text is
    no command."""
    (runner / "known.txt").write_text("# ours\nAUTH-05 our gateway takes it off\n", encoding="utf-8")
    with serving(by_name("no-challenge")(world.document)) as url:
        inputs = INPUTS | {"base-url": url, "fixtures": str(world_file), "only": "AUTH-05 AUTH-01"}
        new = run(VERIFY, inputs, runner)
        known = run(VERIFY, inputs | {"baseline": "known.txt"}, runner)
    assert (new.returncode, known.returncode) == (1, 0), known.stdout + known.stderr
    assert (runner / "output").read_text(encoding="utf-8") == "verdict=violations\nverdict=conformant\n"
    assert re.search(r"^::error title=AUTH-05 [^:]+::expected", new.stdout, re.MULTILINE)
    assert re.search(r"^::notice title=AUTH-05", known.stdout, re.MULTILINE)
    begun = re.search(r"^::stop-commands::(\w+)$", new.stdout, re.MULTILINE)
    ended = re.search(r"^::(\w+)::$", new.stdout, re.MULTILINE)
    assert begun[1] == ended[1]
    assert begun.start() < new.stdout.index("does not keep the contract") < ended.start() < new.stdout.index("::error")
    summary = (runner / "summary").read_text(encoding="utf-8")
    assert "| Section | passed |" in summary
    assert "AUTH-05" in summary
    assert "known" in summary
