"""SQLite alone: a file, its permissions, and its one lock for writers."""

import asyncio
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from chat_bindings.storage.interface import (
    AccountRow,
    Conflict,
    Filters,
    Registration,
    StorageDamaged,
    StorageUnavailable,
)
from chat_bindings.storage.sqlite.administration import SqliteAdministration
from chat_bindings.storage.sqlite.connection import LOCK_TIMEOUT, connect, truncate_log
from chat_bindings.storage.sqlite.engine import SqliteStorage

from ..support.engines import TYPES, SqliteDatabase, open_storage
from ..support.holding import HOLD_EVERYTHING, HOLD_SNAPSHOT, held
from ..support.running import wait_until
from ..support.worlds import row

pytestmark = pytest.mark.anyio


@pytest.fixture
def database(path: Path) -> SqliteDatabase:
    return SqliteDatabase(path)


async def register(storage: SqliteStorage, endpoint: str) -> bool:
    """Register a device, and tell whether it is new."""
    (_, is_new) = await storage.register("AC1", "IS1", Registration("u", endpoint, "apn", "CR1", []))
    return is_new


async def register_alone(storage: SqliteStorage) -> None:
    """Register devices one after the other, so that the next write does not wait for others to share its commit."""
    for number in range(6):
        await register(storage, f"lone {number}")
        await asyncio.sleep(0.01)


async def longest_turn(task: "asyncio.Task[Any]") -> float:
    """Wait for a task to end. Returns the seconds of the longest turn of the event loop meanwhile."""
    longest = 0.0
    while not task.done():
        turn = time.monotonic()
        await asyncio.sleep(0.001)
        longest = max(longest, time.monotonic() - turn)
    return longest


async def test_writes_that_come_together_share_a_commit_after_lone_ones(path):
    """A write after lone ones is not delayed; those that come in the same turn of the event loop share the next."""
    sizes = []
    async with open_storage(SqliteStorage(path, TYPES, sizes.append)) as serving:
        await register_alone(serving)
        assert sizes == [1] * 6
        await asyncio.gather(*(register(serving, f"one of many {n}") for n in range(20)))
    assert sum(sizes) == 26
    assert len(sizes) <= 6 + 3


async def test_a_lone_write_that_takes_long_leaves_the_event_loop_free(serving, path):
    """After lone writes one that waits for a lock blocks the loop for a moment alone, and fails in its time.

    Reads go on meanwhile.
    """
    await register_alone(serving)
    with closing(connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        waiting = asyncio.create_task(register(serving, "late"))
        longest = await longest_turn(waiting)
        with pytest.raises(StorageUnavailable):
            waiting.result()
        assert len((await serving.page("AC1", "IS1", Filters(), None, 50)).bindings) == 6
    assert longest < LOCK_TIMEOUT / 2
    assert await register(serving, "late")


@pytest.mark.parametrize("alone", [False, True])
async def test_a_write_that_failed_while_it_waited_for_a_lock_is_never_done(serving, path, alone):
    """SQLite waits for the locks of the log's index for longer than a write may take, and goes on when it has them."""
    await serving.credential("AC1")  # the WAL-index is there once something was read
    if alone:
        await register_alone(serving)
    with held(HOLD_EVERYTHING, path), pytest.raises(StorageUnavailable):
        await register(serving, "late")
    assert await register(serving, "late")


@pytest.mark.parametrize("method", ["credential", "delete"])
async def test_the_event_loop_never_waits_for_a_lock(serving, path, method):
    """Reads and writes fail, and the loop goes on, while another process holds every lock of the log's index.

    SQLite alone sleeps for ten seconds there, whatever its busy timeout is.
    """
    arguments = {"credential": ("AC1",), "delete": ("AC1", "IS1", "BS1")}[method]
    await getattr(serving, method)(*arguments)
    with held(HOLD_EVERYTHING, path):
        started = time.monotonic()
        waiting = asyncio.create_task(getattr(serving, method)(*arguments))
        longest = await longest_turn(waiting)
        with pytest.raises(StorageUnavailable):
            waiting.result()
        assert LOCK_TIMEOUT <= time.monotonic() - started < 4 * LOCK_TIMEOUT
        assert longest < LOCK_TIMEOUT / 2
    await getattr(serving, method)(*arguments)


async def test_a_service_starts_while_every_lock_is_held(path):
    """A file that another process has locked is opened beside the event loop, which is free meanwhile."""
    storage = SqliteStorage(path, TYPES)
    with closing(connect(path)), held(HOLD_EVERYTHING, path):
        opening = asyncio.create_task(storage.open())
        assert await longest_turn(opening) < LOCK_TIMEOUT / 2
        await opening
    assert await storage.credential("AC1")  # which waits for it
    await storage.close()


def test_commands_wait_for_a_lock(path, caplog):
    """A command that waits to write while a world is loaded is refused in the end."""
    with SqliteAdministration(path) as storage, storage.load() as loader, SqliteAdministration(path) as other:
        loader.add_bindings("IS1", [row(1)])
        for change in (lambda: other.add(AccountRow("AC2", "x")), lambda: other.delete_account("AC1", cascade=True)):
            started = time.monotonic()
            with pytest.raises(StorageUnavailable, match="locked"):
                change()
            assert time.monotonic() - started > LOCK_TIMEOUT * 0.9
        assert caplog.text == ""


async def test_the_log_names_the_reader_that_prevents_checkpoints(path, caplog, monkeypatch):
    """A process that reads an older state for long is named in the log, and by an erasure."""
    monkeypatch.setattr("chat_bindings.storage.sqlite.engine._SAY_AFTER", 1.0)
    monkeypatch.setattr("chat_bindings.storage.sqlite.engine._CHECKPOINT_EVERY", 0.2)
    monkeypatch.setattr("chat_bindings.storage.sqlite.erasure._READERS_FOR", 0.1)
    with held(HOLD_SNAPSHOT, path) as reader:
        async with open_storage(SqliteStorage(path, TYPES)) as storage:
            await register(storage, "device")
            assert await asyncio.to_thread(wait_until, lambda: "no checkpoint for" in caplog.text, 60)
            assert f"seconds: process {reader} (python" in caplog.text
            with SqliteAdministration(path) as administration:
                (obstacle,) = await asyncio.to_thread(administration.erase)
            assert f"(process {reader} (python" in obstacle


def test_waiting_for_a_lock_releases_the_gil(path):
    """A lock may be held by another thread, which goes on in small steps while one waits for it."""
    with closing(connect(path)) as holder, closing(connect(path)) as other, ThreadPoolExecutor(1) as pool:
        holder.execute("BEGIN IMMEDIATE")
        erased = pool.submit(truncate_log, other)
        for _ in range(200):
            time.sleep(0.001)
        holder.execute("ROLLBACK")
        assert erased.result()


def test_a_new_database_is_its_owners_alone(tmp_path):
    """The database's files are readable by their owner alone, since they hold personal data."""
    with SqliteAdministration(tmp_path / "new.db") as storage:
        storage.migrate()
        files = list(tmp_path.iterdir())
        assert len(files) > 1
        assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


def test_a_database_that_is_not_there_is_not_made_by_reading(tmp_path):
    """Only `migrate` makes a database; any other command's error is that there is none, or that it is empty."""
    missing, empty = tmp_path / "missing.db", tmp_path / "empty.db"
    empty.touch()
    for path, error in ((missing, r"there is no file .*missing\.db"), (empty, "holds no data yet")):
        with SqliteAdministration(path) as storage, pytest.raises(StorageUnavailable, match=error):
            list(storage.accounts())
    assert not missing.exists()
    with SqliteAdministration(empty) as storage:
        storage.migrate()
        assert list(storage.accounts()) == []


def test_what_is_not_our_database_is_left_alone(tmp_path):
    """Another program's database is refused, and so is what is no database at all."""
    foreign, text = tmp_path / "foreign.db", tmp_path / "text.db"
    with closing(sqlite3.connect(foreign)) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    text.write_text("no database, but long enough to be taken for one, if nobody looked at its first bytes" * 10)
    for path, error, message in ((foreign, Conflict, "another program"), (text, StorageDamaged, "not a database")):
        before = path.read_bytes()
        with SqliteAdministration(path) as storage, pytest.raises(error, match=message):
            storage.migrate()
        assert path.read_bytes() == before
