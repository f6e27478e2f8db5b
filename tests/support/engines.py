"""A database of each engine, for tests that hold for both."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

from chat_bindings.storage import engines
from chat_bindings.storage.administration import Administration
from chat_bindings.storage.interface import Storage
from chat_bindings.storage.sqlite.connection import connect

from .postgres import Postgres
from .running import cli_error, cli_output

ENGINES = ("sqlite", "postgresql")
TYPES = ("apn", "gcm", "fcm")


@asynccontextmanager
async def open_storage(storage: Storage) -> AsyncIterator[Storage]:
    """Open storage, and close it in the end."""
    await storage.open()
    try:
        yield storage
    finally:
        await storage.close()


class Database:
    """A database's address, and the operations on it."""

    def __init__(self, address: str) -> None:
        self.locator = address

    def storage(self) -> Storage:
        """Open the serving side of it."""
        return engines.storage(self.locator, TYPES)

    def administration(self) -> Administration:
        """Open the administration of it."""
        return engines.administration(self.locator)

    def output(self, *arguments: object, **options: Any) -> str:
        """Run a command on it, which must succeed, and return its standard output."""
        return cli_output(*arguments, "--database", self.locator, **options)

    def error(self, *arguments: object, **options: Any) -> str:
        """Run a command on it, which must be refused with 2, and return its standard error."""
        return cli_error(*arguments, "--database", self.locator, **options)


class SqliteDatabase(Database):
    """An SQLite file."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"sqlite:///{path}")
        self.path = path

    def execute(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run a statement, with `?` for values, past all of our code."""
        with closing(connect(self.path)) as connection:
            return connection.execute(statement, values).fetchall()

    def bytes(self) -> bytes:
        """Return every byte of its files."""
        return b"".join(file.read_bytes() for file in self.path.parent.glob(f"{self.path.name}*"))


class PostgresDatabase(Database):
    """A database of a running server."""

    def __init__(self, server: Postgres, template: str | None = None) -> None:
        self.name = server.create_database(template)
        super().__init__(server.url(self.name))
        self.server = server

    def execute(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self.server.connect(self.name) as connection:
            cursor = connection.execute(statement.replace("?", "%s"), values)  # type: ignore[call-overload]
            return cursor.fetchall() if cursor.description else []
