"""After `database erase`, beside a running service, no deleted identity or endpoint is in any byte of the files."""

import json
import random
import re
import threading
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from ..conftest import load
from ..support.answers import operations
from ..support.flood import Request, flood
from ..support.lists import list_url, sids, walk
from ..support.running import Service, cli_output, wait_until

pytestmark = [
    pytest.mark.ci("reads files through for what was deleted"),
    pytest.mark.long,
]

MARKER = re.compile(rb"mark[0-9a-f]{16}")
FILLERS = ["", "x" * 20, "é" * 100, "界" * 300, "\N{GRINNING FACE}" * 470]
LONG_FILLERS = ["", "x" * 50, "y" * 700, "界" * 1000, "z" * 4000, "\N{GRINNING FACE}" * 4000]


def in_the_files(database: Path) -> set[str]:
    """Every marker in any byte of the database's files, beside each other or not."""
    files = sorted(database.parent.glob(f"{database.name}*"))
    assert files
    return {marker.decode() for file in files for marker in MARKER.findall(file.read_bytes())}


class Person:
    """A device whose identity and endpoint begin and end in markers of its own."""

    def __init__(self, chance: random.Random) -> None:
        self.markers = [f"mark{chance.getrandbits(64):016x}" for _ in range(4)]
        first, second, third, fourth = self.markers
        self.identity = f"{first}{chance.choice(FILLERS)}{second}"
        self.endpoint = f"{third}{chance.choice(LONG_FILLERS)}{fourth}"
        self.binding_type = chance.choice(["apn", "gcm", "fcm"])
        self.sid = ""

    @property
    def fields(self) -> dict[str, str]:
        return {"Identity": self.identity, "Endpoint": self.endpoint, "BindingType": self.binding_type,
                "CredentialSid": f"CR{'0' * 32}", "MessageTypes": "new_message"}  # fmt: skip


@contextmanager
def reading(base_url: str, auth, service_sid: str):
    """A client that walks a list all the time: the numbers of Bindings that its walks have met."""
    ended = threading.Event()
    walked = []

    def read() -> None:
        with httpx.Client(base_url=base_url, auth=auth, timeout=60) as client:
            while not ended.wait(0.5):
                walked.append(len(sids(walk(client, list_url(client, service_sid, ("PageSize", 200))))))

    thread = threading.Thread(target=read)
    thread.start()
    try:
        yield walked
    finally:
        ended.set()
        thread.join()


def churn(url: str, auth, service_sid: str, chance: random.Random) -> tuple[list[Person], list[Person]]:
    """Register 3,000 devices and delete most of them at random, both at once: who is left and who is gone."""
    register, delete = operations()["registerBinding"], operations()["deleteBinding"]
    people: list[Person] = []
    gone: list[Person] = []
    for share in (0.0, 0.6, 0.3, 0.9, 0.5, 0.7):
        chance.shuffle(people)
        number = int(len(people) * share)
        leaving, people = people[:number], people[number:]
        coming = [Person(chance) for _ in range(500)]
        requests = [Request("POST", register.path(ServiceSid=service_sid), person.fields) for person in coming]
        requests += [Request("DELETE", delete.path(ServiceSid=service_sid, Sid=person.sid)) for person in leaving]
        order = chance.sample(range(len(requests)), len(requests))
        answers = flood(url, auth, [requests[place] for place in order])
        for place, answer in zip(order, answers, strict=True):
            assert answer.status == (201 if place < len(coming) else 204)
            if place < len(coming):
                coming[place].sid = json.loads(answer.content)["sid"]
        people += coming
        gone += leaving
    return people, gone


def test_what_was_deleted_is_nowhere(world, world_file, tmp_path):
    """Of thousands of devices of all sizes, deleted at random while others register and read, nothing is left.

    A backup that is made right after the last delete holds nothing of them at all.
    """
    database = load(tmp_path / "erased.db", world_file)
    with (
        Service(database, "--workers", 2) as service,
        reading(service.url, world.auth, world.empty["sid"]) as walked,
    ):
        people, gone = churn(service.url, world.auth, world.empty["sid"], random.Random(1))
        assert len(people) + len(gone) == 3000
        standing = {marker for person in people for marker in person.markers}
        cli_output("backup", "-o", tmp_path / "backup.db", "--database", f"sqlite:///{database}")
        assert in_the_files(tmp_path / "backup.db") == standing
        cli_output("database", "erase", "--database", f"sqlite:///{database}")
        assert in_the_files(database) == standing
        wait_until(lambda: len(people) in walked, 60)
        assert len(people) in walked
    assert in_the_files(database) == standing


def test_what_a_killed_service_deleted_is_nowhere(world, world_file, tmp_path):
    """What was deleted right before `kill -9` is gone from the files when it was erased."""
    database = load(tmp_path / "killed.db", world_file)
    person = Person(random.Random(9))
    with Service(database) as service, httpx.Client(base_url=service.url, auth=world.auth, timeout=60) as client:
        path = operations()["registerBinding"].path(ServiceSid=world.empty["sid"])
        sid = client.post(path, data=person.fields).json()["sid"]
        assert in_the_files(database) == set(person.markers)
        path = operations()["deleteBinding"].path(ServiceSid=world.empty["sid"], Sid=sid)
        assert client.delete(path).status_code == 204
        service.kill()
    assert in_the_files(database)
    cli_output("database", "erase", "--database", f"sqlite:///{database}")
    assert in_the_files(database) == set()
