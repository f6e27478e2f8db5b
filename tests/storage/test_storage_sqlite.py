"""SQLite alone: a file, and its one lock for writers."""

import asyncio
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from chat_bindings.storage.interface import Filters, Registration, StorageDamaged, StorageUnavailable
from chat_bindings.storage.sqlite.administration import SqliteAdministration
from chat_bindings.storage.sqlite.connection import LOCK_TIMEOUT, connect, migrate, storage_errors, truncate_log
from chat_bindings.storage.sqlite.engine import SqliteStorage

from ..support.engines import TYPES
from ..support.holding import HOLD_EVERYTHING, held
from ..support.running import wait_until


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "storage.db"
    opened = connect(path, create=True)
    migrate(opened)
    opened.execute("INSERT INTO accounts VALUES ('AC1', 'x')")
    opened.execute("INSERT INTO services VALUES ('IS1', 'AC1')")
    opened.close()
    return path


def test_a_locked_database_is_away_for_writes_alone(path):
    """While another process writes for longer than our patience, writes are refused and reads go on."""

    device = Registration("u", "device-1", "apn", "CR1", ["new_message"])

    async def use() -> None:
        storage = SqliteStorage(path, TYPES)
        await storage.open()
        other = connect(path)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageUnavailable):
            await storage.register("AC1", "IS1", device)
        assert (await storage.page("AC1", "IS1", Filters(), None, 5)).bindings == []
        other.execute("ROLLBACK")
        assert (await storage.register("AC1", "IS1", device))[1]
        other.close()
        await storage.close()

    asyncio.run(use())


def test_writes_that_come_together_share_a_commit_after_lone_ones(path):
    """A write after lone ones is not delayed; those that come in the same turn of the event loop share the next."""
    sizes = []

    async def use() -> None:
        storage = SqliteStorage(path, TYPES)
        storage.on_commit = sizes.append
        await storage.open()
        for number in range(6):
            await storage.register("AC1", "IS1", device(f"lone {number}"))
            await asyncio.sleep(0.01)
        assert sizes == [1] * 6
        await asyncio.gather(*(storage.register("AC1", "IS1", device(f"one of many {n}")) for n in range(20)))
        assert sum(sizes) == 26
        assert len(sizes) <= 6 + 3
        await storage.close()

    asyncio.run(use())


def device(endpoint: str) -> Registration:
    return Registration("u", endpoint, "apn", "CR1", [])


async def longest_turn(task: "asyncio.Task[Any]") -> float:
    """Wait for a task to end. Returns the seconds of the longest turn of the event loop meanwhile."""
    longest = 0.0
    while not task.done():
        turn = time.monotonic()
        await asyncio.sleep(0.001)
        longest = max(longest, time.monotonic() - turn)
    return longest


def test_a_lone_write_that_takes_long_leaves_the_event_loop_free(path):
    """After lone writes one that waits for a lock blocks the loop for a moment alone, and fails in its time."""

    async def use() -> None:
        storage = SqliteStorage(path, TYPES)
        await storage.open()
        for number in range(6):
            await storage.register("AC1", "IS1", device(f"lone {number}"))
            await asyncio.sleep(0.01)
        with closing(connect(path)) as other:
            other.execute("BEGIN IMMEDIATE")
            waiting = asyncio.create_task(storage.register("AC1", "IS1", device("late")))
            longest = await longest_turn(waiting)
            with pytest.raises(StorageUnavailable):
                waiting.result()
        assert longest < LOCK_TIMEOUT / 2
        assert (await storage.register("AC1", "IS1", device("late")))[1]
        await storage.close()

    asyncio.run(use())


@pytest.mark.parametrize("lone", [0, 6])
def test_a_write_that_failed_while_it_waited_for_a_lock_is_never_done(path, lone):
    """SQLite waits for the locks of the log's index for longer than a write may take, and goes on when it has them."""

    async def use() -> None:
        storage = SqliteStorage(path, TYPES)
        await storage.open()
        await storage.credential("AC1")  # the WAL-index is there once something was read
        for number in range(lone):
            await storage.register("AC1", "IS1", device(f"lone {number}"))
        with held(HOLD_EVERYTHING, path), pytest.raises(StorageUnavailable):
            await storage.register("AC1", "IS1", device("late"))
        assert (await storage.register("AC1", "IS1", device("late")))[1]
        await storage.close()

    asyncio.run(use())


@pytest.mark.parametrize("method", ["credential", "delete"])
def test_the_event_loop_never_waits_for_a_lock(path, method):
    """While another process holds every lock of the log's index, reads and writes fail, and the loop goes on.

    SQLite alone sleeps for ten seconds there, whatever its busy timeout is.
    """
    arguments = {"credential": ("AC1",), "delete": ("AC1", "IS1", "BS1")}[method]

    async def use() -> None:
        storage = SqliteStorage(path, TYPES)
        await storage.open()
        await getattr(storage, method)(*arguments)
        with held(HOLD_EVERYTHING, path):
            started = time.monotonic()
            asked = asyncio.create_task(getattr(storage, method)(*arguments))
            longest = await longest_turn(asked)
            with pytest.raises(StorageUnavailable):
                asked.result()
            assert LOCK_TIMEOUT <= time.monotonic() - started < 4 * LOCK_TIMEOUT
            assert longest < LOCK_TIMEOUT / 2
        await getattr(storage, method)(*arguments)
        await storage.close()

    asyncio.run(use())


def test_a_service_starts_while_every_lock_is_held(path):
    """A file that another process has locked is opened beside the event loop, which is free meanwhile."""

    async def use() -> None:
        storage = SqliteStorage(path, TYPES)
        with closing(connect(path)), held(HOLD_EVERYTHING, path):
            opening = asyncio.create_task(storage.open())
            longest = 0.0
            while not opening.done():
                turn = time.monotonic()
                await asyncio.sleep(0.001)
                longest = max(longest, time.monotonic() - turn)
            await opening
            assert longest < LOCK_TIMEOUT / 2
        assert await storage.credential("AC1")  # which waits for it
        await storage.close()

    asyncio.run(use())


def test_commands_wait_for_a_lock(path):
    """Where no event loop runs, a connection waits for a lock."""
    holder, other = connect(path), connect(path)
    holder.execute("BEGIN IMMEDIATE")
    started = time.monotonic()
    with pytest.raises(StorageUnavailable), storage_errors():
        other.execute("BEGIN IMMEDIATE")
    assert time.monotonic() - started > LOCK_TIMEOUT * 0.9
    holder.close()
    other.close()


READ = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN")
connection.execute("SELECT count(*) FROM accounts").fetchone()
print("held", flush=True)
sys.stdin.read()
"""


def test_the_log_names_the_reader_that_prevents_checkpoints(path, caplog, monkeypatch):
    """A process that reads an older state for long is named in the log, and by an erasure."""
    monkeypatch.setattr("chat_bindings.storage.sqlite.engine._SAY_AFTER", 1.0)
    monkeypatch.setattr("chat_bindings.storage.sqlite.engine._CHECKPOINT_EVERY", 0.2)
    monkeypatch.setattr("chat_bindings.storage.sqlite.erasure._READERS_FOR", 0.1)

    async def use(reader: int) -> None:
        storage = SqliteStorage(path, TYPES)
        await storage.open()
        await storage.register("AC1", "IS1", Registration("u", "device-1", "apn", "CR1", []))
        assert await asyncio.to_thread(wait_until, lambda: "no checkpoint for" in caplog.text, 60)
        assert f"seconds: process {reader} (python" in caplog.text
        with SqliteAdministration(path) as administration:
            (obstacle,) = await asyncio.to_thread(administration.erase)
        assert f"(process {reader} (python" in obstacle
        await storage.close()

    with subprocess.Popen([sys.executable, "-c", READ, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as reader:
        assert reader.stdout.readline() == b"held\n"
        asyncio.run(use(reader.pid))
        reader.stdin.close()


def test_waiting_for_a_lock_releases_the_gil(path):
    """What is waited for may be held by another thread, which goes on in small steps meanwhile."""
    holder, other = connect(path), connect(path)
    holder.execute("BEGIN IMMEDIATE")
    with ThreadPoolExecutor(1) as pool:
        erased = pool.submit(truncate_log, other)
        for _ in range(200):
            time.sleep(0.001)
        holder.execute("ROLLBACK")
        assert erased.result()
    holder.close()
    other.close()


def test_a_file_that_is_missing_is_opened_when_it_is_there(path, tmp_path):
    """A database that is not there is away, not empty: nothing is created in passing, and it is opened later."""
    aside = path.rename(tmp_path / "aside.db")

    async def use() -> None:
        storage = SqliteStorage(path, TYPES)
        await storage.open()
        for ask in (storage.credential("AC1"), storage.delete("AC1", "IS1", "BS1")):
            with pytest.raises(StorageUnavailable):
                await ask
        assert not path.exists()
        aside.rename(path)
        assert await storage.credential("AC1")  # which waits for it
        assert not await storage.delete("AC1", "IS1", "BS1")
        await storage.close()

    asyncio.run(use())


def test_a_file_that_is_no_database_is_broken(tmp_path):
    """A file of another kind is a fault, which no waiting mends."""
    path = tmp_path / "text.db"
    path.write_text("no database " * 100)
    with pytest.raises(StorageDamaged, match="not a database"), storage_errors():
        migrate(connect(path))
