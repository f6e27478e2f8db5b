"""Periodic tasks go on after any exception, and readiness names one that does not."""

import asyncio
import os
from pathlib import Path

import pytest

from chat_bindings import periodic
from chat_bindings.server.monitoring.readiness import obstacles, serve_readiness
from chat_bindings.server.monitoring.settings import Workers
from chat_bindings.storage.sqlite.engine import SqliteStorage

from ..support.engines import TYPES, open_storage

pytestmark = pytest.mark.anyio


async def test_an_exception_is_logged_once_and_ends_nothing(caplog):
    """A task that fails is tried again, and logged once for each kind of failure."""
    turns, enough = 0, asyncio.Event()

    async def do() -> float | None:
        nonlocal turns
        turns += 1
        if turns == 10:
            enough.set()
        if turns == 5:
            return 0.0
        raise OSError(28, "No space left on device")

    task = periodic.start("do it", 0.001, do)
    await enough.wait()
    assert periodic.dead() == []
    await periodic.stop([task])
    assert caplog.text.count("the periodic task 'do it' failed, and goes on") == 2
    assert caplog.text.count("Traceback") == 2


async def test_a_service_with_a_dead_task_is_not_ready(tmp_path: Path, monkeypatch):
    """A task that ended, or that hangs, is named by readiness."""
    workers = Workers(lambda: [os.getpid()], lambda: 1, lambda: False)

    async def hang() -> None:
        await asyncio.sleep(60)

    async with open_storage(SqliteStorage(tmp_path / "none.db", TYPES)) as storage, serve_readiness(tmp_path, storage):
        ended = periodic.start("end", 1, hang)
        (obstacle,) = await obstacles(tmp_path, workers)
        assert "the database" in obstacle
        ended.cancel()
        await asyncio.wait([ended])
        (obstacle,) = await obstacles(tmp_path, workers)
        assert obstacle.endswith("the periodic task 'end' is dead.")
        await periodic.stop([ended])
        hanging = periodic.start("hang", 1, hang)
        monkeypatch.setattr(periodic, "_SLACK", -0.1)
        assert "hang" in periodic.dead()
        await periodic.stop([hanging])
