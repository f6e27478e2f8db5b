"""`database erase` on SQLite: afterwards no byte of deleted data is in any file of the database."""

import json
import random
import re
import subprocess
import sys
import threading
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest

from chat_bindings.storage.rows import unique_key
from chat_bindings.storage.sqlite.administration import SqliteAdministration
from chat_bindings.storage.sqlite.connection import connect, transaction

from ..conftest import load
from ..support.answers import operations
from ..support.engines import SqliteDatabase
from ..support.flood import Request, flood
from ..support.lists import list_url, sids, walk
from ..support.running import Service, cli_output, wait_until


def markers(path: Path) -> set[str]:
    """Return every marker of a Binding in any byte of the database's files."""
    return {marker.decode() for marker in re.findall(rb"MARK\d{6}", SqliteDatabase(path).bytes())}


@pytest.fixture
def auto_vacuum() -> int:
    return 0


@pytest.fixture
def path(path: Path, auto_vacuum: int) -> Path:
    """Create a database after thousands of inserts and deletes, in random order."""
    chance, standing = random.Random(7), []
    with closing(connect(path)) as connection:
        connection.pragma("auto_vacuum", auto_vacuum)
        connection.execute("VACUUM")  # by which it takes effect
        for round_ in range(4):
            with transaction(connection):
                for number in range(1200):
                    marker = f"MARK{round_}{number:05d}"
                    identity = marker + "i" * chance.choice([0, 5, 40, 200, 480])
                    endpoint = marker + "e" * chance.choice([0, 10, 100, 1000, 4000])
                    sid = f"BS{chance.getrandbits(128):032x}"
                    row = (sid, unique_key(identity, endpoint, "apn"), identity, endpoint)
                    connection.execute(
                        "INSERT INTO bindings VALUES ('IS1', ?, ?, ?, ?, 'apn', 'CR', '[]', 'd', 'd')", row
                    )
                    standing.append(sid)
                chance.shuffle(standing)
                for _ in range(900):
                    connection.execute("DELETE FROM bindings WHERE service_sid = 'IS1' AND sid = ?", (standing.pop(),))
    return path


@pytest.mark.parametrize("auto_vacuum", [0, 1, 2])
def test_nothing_of_what_was_deleted_is_left(path, auto_vacuum):
    """With and without auto_vacuum, where the log holds some of it too, and while the database is open elsewhere."""
    with closing(connect(path)) as other, SqliteAdministration(path) as storage:
        assert other.pragma("auto_vacuum") == auto_vacuum
        other.execute("DELETE FROM bindings WHERE sid IN (SELECT sid FROM bindings LIMIT 300)")
        standing = {endpoint[:10] for (endpoint,) in other.execute("SELECT endpoint FROM bindings")}
        assert markers(path) > standing
        assert storage.erase() == []
        assert markers(path) == standing
        assert other.pragma("integrity_check") == "ok"
        assert other.pragma("auto_vacuum") == auto_vacuum


def test_a_reader_that_keeps_the_log_is_named(path, monkeypatch):
    """An erasure reports a reader that holds an older state; the next one erases."""
    monkeypatch.setattr("chat_bindings.storage.sqlite.erasure._READERS_FOR", 0.1)
    with closing(connect(path)) as writer, SqliteAdministration(path) as storage, SqliteAdministration(path) as reader:
        with reader.snapshot():
            assert reader.count_bindings()
            writer.execute("DELETE FROM bindings")
            before = reader.count_bindings()
            (reason,) = storage.erase()
            assert reason.startswith("a reader keeps the write-ahead log")
            assert reader.count_bindings() == before
        assert storage.erase() == []
    assert markers(path) == set()


def test_a_writer_is_named(path, monkeypatch):
    """An erasure reports another process that writes for longer than it waits."""
    monkeypatch.setattr("chat_bindings.storage.sqlite.erasure._WRITERS_FOR", 0.1)
    with closing(connect(path)) as writer, SqliteAdministration(path) as storage:
        with transaction(writer):
            (reason,) = storage.erase()
        assert reason.startswith("another process writes")
        assert storage.erase() == []


ERASE_ON_A_FULL_DISK = """
set -e
mkdir "$2/disk"
mount -t tmpfs -o size=24m tmpfs "$2/disk"
cp "$2/here.db" "$2/disk/full.db"
dd if=/dev/zero of="$2/disk/filler" bs=4096 2>/dev/null || true
set +e
"$1" -m chat_bindings database erase --database "sqlite:///$2/disk/full.db"; echo "code $?"
"$1" -m chat_bindings database status --database "sqlite:///$2/disk/full.db"; echo "code $?"
"$1" -m chat_bindings export --database "sqlite:///$2/disk/full.db" | wc -l
"$1" -m chat_bindings account create --database "sqlite:///$2/disk/full.db"; echo "code $?"
rm "$2/disk/filler"
"$1" -m chat_bindings database erase --database "sqlite:///$2/disk/full.db"; echo "code $?"
"""


@pytest.mark.needs("unshare")
@pytest.mark.needs("root")
def test_a_full_disk_is_named(path):
    """On a full disk commands end with a sentence and no traceback, reads work, and with space an erasure does."""
    with SqliteAdministration(path) as storage:
        standing = storage.count_bindings()
    command = ["unshare", "--mount", "sh", "-c", ERASE_ON_A_FULL_DISK, "sh", sys.executable, path.parent]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert "Traceback" not in done.stderr
    lines = done.stdout.splitlines()
    assert [line for line in lines if line.startswith("code")] == ["code 2", "code 0", "code 2", "code 0"], done
    assert any(line.isdigit() and int(line) >= standing for line in lines)
    assert done.stderr.count("or the disk is full") == 2


def test_when_it_was_done_is_kept(path):
    """A database has the time of its last erasure; a new one, of its creation."""
    with closing(connect(path)) as connection, SqliteAdministration(path) as storage:
        assert connection.execute("SELECT count(*) FROM erasures").get == 1
        connection.execute("UPDATE erasures SET erased_at = '2020-01-01T00:00:00Z'")
        storage.erase()
        assert connection.execute("SELECT erased_at FROM erasures").get > "2020-01-02"


FILLERS = ["", "x" * 20, "é" * 100, "界" * 300, "\N{GRINNING FACE}" * 470]
LONG_FILLERS = ["", "x" * 50, "y" * 700, "界" * 1000, "z" * 4000, "\N{GRINNING FACE}" * 4000]


def device(marker: str, chance: random.Random) -> dict[str, object]:
    """Make a registration whose identity and endpoint begin and end in the marker."""
    return {
        "Identity": marker + chance.choice(FILLERS) + marker,
        "Endpoint": marker + chance.choice(LONG_FILLERS) + marker,
        "BindingType": chance.choice(["apn", "gcm", "fcm"]),
        "CredentialSid": f"CR{'0' * 32}",
    }


@contextmanager
def reading(base_url: str, auth, service_sid: str):
    """Walk a list all the time, and yield the numbers of Bindings that the walks have met."""
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


def churn(url: str, auth, service_sid: str) -> set[str]:
    """Register 3,000 devices and delete most of them at random, both at once: the markers of those that are left."""
    chance = random.Random(1)
    register, delete = operations()["registerBinding"].path(ServiceSid=service_sid), operations()["deleteBinding"]
    standing: dict[str, str] = {}
    for round_, share in enumerate((0.0, 0.6, 0.3, 0.9, 0.5, 0.7)):
        leaving = chance.sample(sorted(standing), int(len(standing) * share))
        coming = [f"MARK{round_}{number:05d}" for number in range(500)]
        requests = [(marker, Request("POST", register, device(marker, chance))) for marker in coming]
        requests += [
            (marker, Request("DELETE", delete.path(ServiceSid=service_sid, Sid=standing.pop(marker))))
            for marker in leaving
        ]
        chance.shuffle(requests)
        answers = flood(url, auth, [request for _, request in requests])
        for (marker, request), answer in zip(requests, answers, strict=True):
            assert answer.status == {"POST": 201, "DELETE": 204}[request.method]
            if request.method == "POST":
                standing[marker] = json.loads(answer.content)["sid"]
    return {*standing}


@pytest.mark.long
@pytest.mark.ci("deletes thousands of devices")
def test_what_was_deleted_is_nowhere(world, world_file, tmp_path):
    """Of thousands of devices of all sizes, deleted at random while others register and read, nothing is left.

    A backup that is made right after the last delete holds nothing of them at all.
    """
    database = load(tmp_path / "erased.db", world_file)
    with (
        Service(database, "--workers", 2) as service,
        reading(service.url, world.auth, world.empty["sid"]) as walked,
    ):
        standing = churn(service.url, world.auth, world.empty["sid"])
        cli_output("backup", "-o", tmp_path / "backup.db", "--database", f"sqlite:///{database}")
        assert markers(tmp_path / "backup.db") == standing
        cli_output("database", "erase", "--database", f"sqlite:///{database}")
        assert markers(database) == standing
        assert wait_until(lambda: len(standing) in walked, 60)
    assert markers(database) == standing


@pytest.mark.ci("erases after a kill")
def test_what_a_killed_service_deleted_is_nowhere(world, world_file, tmp_path):
    """Devices that were deleted right before `kill -9` are gone from the files after an erasure."""
    database = load(tmp_path / "killed.db", world_file)
    with Service(database) as service, httpx.Client(base_url=service.url, auth=world.auth, timeout=60) as client:
        path = operations()["registerBinding"].path(ServiceSid=world.empty["sid"])
        sid = client.post(path, data=device("MARK123456", random.Random(9))).json()["sid"]
        path = operations()["deleteBinding"].path(ServiceSid=world.empty["sid"], Sid=sid)
        assert client.delete(path).status_code == 204
        service.kill()
    assert markers(database) == {"MARK123456"}
    cli_output("database", "erase", "--database", f"sqlite:///{database}")
    assert markers(database) == set()
