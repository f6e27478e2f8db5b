"""SQLite files that are moved away while they are open, and the handles by which they are flushed."""

import os
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from chat_bindings.storage.interface import Filters, Registration
from chat_bindings.storage.sqlite.connection import connect
from chat_bindings.storage.sqlite.engine import SqliteStorage

from ..support.engines import TYPES, open_storage

# The bytes of a file that a connection to it keeps locked: sqlite.org/src/file/src/os.h, SHARED_FIRST and SHARED_SIZE
TRY_TO_LOCK = """
import fcntl, sys
with open(sys.argv[1], "r+b") as file:
    fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 510, 0x40000002)
"""


@pytest.mark.anyio
@pytest.mark.parametrize("changed", ["the file", "a link on the way"])
async def test_a_file_that_takes_anothers_place_is_served_and_neither_changes_the_other(path, tmp_path, changed):
    """Another file in its place is served soon; all that was acknowledged before is in the file that was there."""
    kept, folder, link = tmp_path / "kept.db", tmp_path / "folder", tmp_path / "link"
    os.link(path, kept)
    folder.mkdir()
    shutil.copy(path, folder / path.name)
    link.symlink_to(path.parent)
    (tmp_path / "next").symlink_to(folder)
    async with open_storage(SqliteStorage(link / path.name, TYPES)) as storage:
        for number in range(20):
            await storage.register("AC1", "IS1", device(number))
        if changed == "the file":
            (folder / path.name).replace(path)
        else:
            (tmp_path / "next").replace(link)
        await storage.register("AC1", "IS1", device(100))  # waits until the other is open
        page = await storage.page("AC1", "IS1", Filters(), None, 50)
        assert [binding.endpoint for binding in page.bindings] == ["device 100"]
    assert endpoints(link / path.name) == ["device 100"]
    assert endpoints(kept) == [f"device {number}" for number in range(20)]


def device(number: int) -> Registration:
    return Registration("somebody", f"device {number}", "apn", "CR1", [])


def endpoints(path: Path) -> list[str]:
    with closing(connect(path)) as connection:
        assert connection.pragma("integrity_check") == "ok"
        return [endpoint for (endpoint,) in connection.execute("SELECT endpoint FROM bindings ORDER BY sid")]


def test_closing_a_connection_drops_no_lock_of_another(path):
    """A lock of one connection stays when another one to the same file is closed."""
    with closing(connect(path)) as connection:
        connection.execute("SELECT count(*) FROM bindings").fetchall()
        connect(path).close()
        assert not can_be_locked(path)
    assert can_be_locked(path)


def can_be_locked(path: Path) -> bool:
    """Tell whether another process can lock what connections keep locked."""
    tried = subprocess.run([sys.executable, "-c", TRY_TO_LOCK, path], capture_output=True, text=True, check=False)
    assert tried.returncode == 0 or "BlockingIOError" in tried.stderr
    return tried.returncode == 0


def test_no_handle_of_a_database_stays_open(path):
    """With the last connection to a file the last handle of it is closed, and of its log as well."""
    before = handles()
    connections = [connect(path) for _ in range(3)]
    connections[0].execute("DELETE FROM services")
    for connection in connections:
        connection.close()
    assert handles() == before


def handles() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))
