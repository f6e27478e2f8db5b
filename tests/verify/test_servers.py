"""The catalogue of servers in Python on which verify is tested."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx

from ..servers.catalogue import by_name, different, name_of, sentence_of, wrong
from ..servers.right import Right

_ROOT = Path(__file__).parents[2]


def test_each_has_a_name_of_its_own():
    """No two servers have the same name, by which each is found; at least twelve are right but different."""
    assert len(different()) >= 12
    servers: list[type[Right]] = [Right, *different(), *wrong()]
    assert len({name_of(each) for each in servers}) == len(servers)
    assert by_name(name_of(servers[-1])) is servers[-1]
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name_of(each)) for each in servers)


def test_each_defect_has_a_clause_and_a_sentence():
    """Each wrong server says which clause is meant to catch it, and what is wrong, in one sentence; a right one has
    no clause."""
    for server in wrong():
        assert re.fullmatch(r"[A-Z]+-[0-9]{2}", server.clause), server
        assert re.search(r"(?<=[a-z`)])[.!?] [A-Z]", sentence_of(server)) is None, server
        assert "clause" in vars(server), f"{server} has no clause of its own, but that of its base"
    for server in (Right, *different()):
        assert server.clause == "", server
    for server in (Right, *different(), *wrong()):
        assert sentence_of(server).endswith("."), server


def test_a_server_runs_alone(world_file: Path):
    """`python -m tests.servers NAME --world FILE` prints its URL first, and ends with 0 at SIGTERM."""
    command = [sys.executable, "-m", "tests.servers", "under-a-prefix", "--world", str(world_file), "--port", "0"]
    with subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        listening = re.fullmatch(r"listening at (http://127\.0\.0\.1:[0-9]+/some/prefix)\n", process.stdout.readline())
        assert listening
        assert httpx.get(f"{listening[1]}/v2/nothing", timeout=60).status_code == 404
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
        assert process.stdout.read() == ""
