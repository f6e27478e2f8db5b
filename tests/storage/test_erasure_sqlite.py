"""`database erase` on SQLite: afterwards no byte of deleted data is in any file of the database."""

import random
import re
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from chat_bindings.storage.rows import unique_key
from chat_bindings.storage.sqlite.administration import SqliteAdministration
from chat_bindings.storage.sqlite.connection import connect, transaction

MARKER = re.compile(rb"MARK\d{6}")


def in_the_files(path: Path) -> set[str]:
    """Every marker in the database's file, its log, the log's index and its journal."""
    files = [file for suffix in ("", "-wal", "-shm", "-journal") if (file := Path(f"{path}{suffix}")).exists()]
    return {marker.decode() for file in files for marker in MARKER.findall(file.read_bytes())}


@pytest.fixture
def auto_vacuum() -> int:
    return 0


@pytest.fixture
def path(path: Path, auto_vacuum: int) -> Path:
    """A database after thousands of inserts and deletes, in random order."""
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
        assert in_the_files(path) > standing
        assert storage.erase() == []
        assert in_the_files(path) == standing
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
    assert in_the_files(path) == set()


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
    """A database knows when it was last erased; a new one, when it was made."""
    with closing(connect(path)) as connection, SqliteAdministration(path) as storage:
        assert connection.execute("SELECT count(*) FROM erasures").get == 1
        connection.execute("UPDATE erasures SET erased_at = '2020-01-01T00:00:00Z'")
        storage.erase()
        assert connection.execute("SELECT erased_at FROM erasures").get > "2020-01-02"
