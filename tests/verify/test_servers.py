"""The servers in Python that verify is tried on: the right ones agree with the reference, each wrong one is told of."""

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
from ..servers.running import serving
from ..support.running import Service, World

_ROOT = Path(__file__).parents[2]
_ADDRESSES = re.compile(r"https?://[^/]+(/some/prefix)?")


def _content(url: str, service: str, auth: tuple[str, str]) -> dict[str, object]:
    answer = httpx.get(f"{url}/v2/Services/{service}/Bindings", params={"PageSize": "1000"}, auth=auth, timeout=60)
    assert answer.status_code == 200, answer.text
    items = json.loads(_ADDRESSES.sub("", answer.text))["bindings"]
    return {item["sid"]: item | {"message_types": sorted(item["message_types"])} for item in items}


def test_there_are_many():
    """There are wrong servers for every area, and servers that are right in many ways."""
    assert len(wrong()) >= 120
    assert len(different()) >= 12
    areas = {each.clause.partition("-")[0] for each in wrong()}
    assert areas == {
        "AUTH", "BINDING", "DELETE", "ERROR", "FETCH", "FILTER", "HTTP", "LIST", "PAGE", "RACE", "TENANT", "TEXT",
    }  # fmt: skip


def test_each_has_a_name_of_its_own():
    """No two servers have the same name, by which each is found."""
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


def test_right_shows_what_the_reference_shows(service: Service, world: World):
    """`Right` lists what the reference lists, and answers errors alike."""
    with serving(Right, world.document) as url:
        for account in world.document["accounts"]:
            auth = account["sid"], account["auth_token"]
            for each in account["services"]:
                assert _content(url, each["sid"], auth) == _content(service.url, each["sid"], auth)
        odd = f"/v2/Services/{world.document['accounts'][0]['services'][0]['sid']}/Bindings"
        for path in (odd, f"{odd}?PageSize=1001", f"{odd}?PageToken=x", f"{odd}/x", "/v2/nothing"):
            for login in (None, world.auth):
                own = httpx.get(url + path, auth=login, timeout=60)
                other = httpx.get(service.url + path, auth=login, timeout=60)
                assert own.status_code == other.status_code
                assert own.status_code == 200 or own.json()["code"] == other.json()["code"]


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
