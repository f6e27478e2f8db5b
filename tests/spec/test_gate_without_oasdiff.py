"""The gate without oasdiff: it fails, with the tool's name."""

import pytest

from . import gate
from .test_gate import NEW_PROPERTY, repository, run  # noqa: F401 - the fixture


@pytest.fixture(autouse=True)
def nothing_installed(monkeypatch, tmp_path):
    monkeypatch.setattr("tests.support.tools._MADE", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))


def test_a_change_does_not_pass_unseen(repository, capsys):  # noqa: F811 - the fixture
    """One line names the missing tool and its installation, and the gate ends with 1."""
    assert run(repository, NEW_PROPERTY, "2.1.0") == 1
    assert capsys.readouterr().err == "oasdiff is missing: make build/bin/oasdiff (it needs Go)\n"


def test_an_unchanged_contract_needs_no_tool(repository):  # noqa: F811 - the fixture
    """A contract that is the released one passes all the same."""
    assert gate.main([], repository) == 0
