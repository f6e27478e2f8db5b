"""Storage engines, opened. Coroutines are tests as well, by anyio's plugin of pytest."""

from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path

import pytest

from chat_bindings.storage.interface import Storage
from chat_bindings.storage.sqlite.connection import connect, migrate

from ..support.engines import Database, PostgresDatabase, SqliteDatabase, open_storage


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def new_database(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], Database]:
    """Makes a database of an engine, with the schema and nothing in it."""

    def make(engine: str) -> Database:
        if engine == "postgresql":
            return PostgresDatabase(request.getfixturevalue("postgres"), request.getfixturevalue("migrated"))
        made = SqliteDatabase(tmp_path / f"new-{len(list(tmp_path.iterdir()))}.db")
        with made.administration() as administration:
            administration.migrate()
        return made

    return make


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """An SQLite file with an account and a service."""
    path = tmp_path / "here.db"
    path.touch()
    with closing(connect(path)) as connection:
        migrate(connection)
        connection.execute("INSERT INTO accounts VALUES ('AC1', 'x'); INSERT INTO services VALUES ('IS1', 'AC1')")
    return path


@pytest.fixture
async def serving(database: Database) -> AsyncIterator[Storage]:
    """What serves from the database."""
    async with open_storage(database.storage()) as storage:
        yield storage
