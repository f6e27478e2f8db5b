"""Storage engines, opened. Coroutines are tests as well, by anyio's plugin of pytest."""

from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from chat_bindings.storage.interface import Storage
from chat_bindings.storage.sqlite.connection import connect, migrate

from ..support.engines import Database, open_storage


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Create an SQLite file with an account and a service."""
    path = tmp_path / "here.db"
    path.touch()
    with closing(connect(path)) as connection:
        migrate(connection)
        connection.execute("INSERT INTO accounts VALUES ('AC1', 'x'); INSERT INTO services VALUES ('IS1', 'AC1')")
    return path


@pytest.fixture
async def serving(database: Database) -> AsyncIterator[Storage]:
    """Open the serving side of the database."""
    async with open_storage(database.storage()) as storage:
        yield storage
