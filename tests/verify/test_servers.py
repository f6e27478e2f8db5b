"""The catalogue of servers in Python that verify is tried on."""

import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from ..servers.catalogue import by_name, different, name_of, sentence_of, wrong
from ..servers.right import Right

_ROOT = Path(__file__).parents[2]


def test_each_has_a_name_of_its_own():
    """No two servers have the same name, by which each is found; at least twelve are right but different."""
    assert len(different()) >= 12
    servers: list[type[Right]] = [Right, *different(), *wrong()]
    assert len({name_of(each) for each in servers}) == len(servers)
    for each in servers:
        assert by_name(name_of(each)) is each
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name_of(each))


@pytest.mark.parametrize("server", wrong(), ids=name_of)
def test_each_defect_has_a_clause_and_a_sentence(server: type[Right]):
    """Each wrong server says which clause is meant to catch it, and what is wrong, in one sentence."""
    assert re.fullmatch(r"[A-Z]+-[0-9]{2}", server.clause)
    sentence = sentence_of(server)
    assert sentence.endswith(".")
    assert not re.search(r"(?<=[a-z`)])[.!?] [A-Z]", sentence), sentence
    assert "clause" in vars(server), "a clause of its own, not that of its base"


@pytest.mark.parametrize("server", [Right, *different()], ids=name_of)
def test_the_right_ones_are_meant_for_no_clause(server: type[Right]):
    """A server that is right has a docstring and no clause."""
    assert server.clause == ""
    assert sentence_of(server).endswith(".")


def test_a_server_runs_alone(world_file: Path):
    """`python -m tests.servers NAME --world FILE` says first where it listens, and ends with 0 at SIGTERM."""
    command = [sys.executable, "-m", "tests.servers", "under-a-prefix", "--world", str(world_file), "--port", "0"]
    with subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = re.fullmatch(r"listening at (http://127\.0\.0\.1:[0-9]+/some/prefix)\n", process.stdout.readline())
        assert told
        assert httpx.get(f"{told[1]}/v2/nothing", timeout=60).status_code == 404
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
        assert process.stdout.read() == ""


def test_the_list_names_all():
    """`--list` prints each wrong server with its clause and its defect."""
    command = [sys.executable, "-m", "tests.servers", "--list"]
    listed = json.loads(subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=True).stdout)
    assert [each["name"] for each in listed] == [name_of(server) for server in wrong()]
    assert all(each.keys() == {"name", "clause", "defect"} for each in listed)
