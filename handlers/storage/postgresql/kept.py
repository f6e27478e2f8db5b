"""The copy of a PostgreSQL database to return to: the same tables in a schema of their own."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from .connection import connect, conninfo, storage_errors
from .loader import PostgresLoader

SCHEMA = "chat_bindings_kept"
"""The schema of the kept tables."""

_TABLES = ("accounts", "api_keys", "services", "bindings")
"""Parents first."""


class PostgresKept:
    """Unlogged copies of a database's tables. Only one server may keep a copy in a database."""

    def __init__(self, locator: str) -> None:
        self._address = conninfo(locator)
        self._opened: psycopg.Connection[tuple[Any, ...]] | None = None

    def keep(self) -> None:
        connection = self._connection
        with storage_errors(), connection.transaction():
            connection.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
            connection.execute(f"CREATE SCHEMA {SCHEMA}")
            for table in _TABLES:
                connection.execute(f"CREATE UNLOGGED TABLE {SCHEMA}.{table} (LIKE {table} INCLUDING ALL)")
                connection.execute(f"INSERT INTO {SCHEMA}.{table} TABLE {table}")

    @contextmanager
    def replace(self) -> Iterator[PostgresLoader]:
        connection = self._connection
        with storage_errors(), connection.transaction():
            connection.execute(f"SET LOCAL search_path TO {SCHEMA}")
            connection.execute(f"TRUNCATE {', '.join(_TABLES)}")
            loader = PostgresLoader(connection)
            yield loader
            loader.finish()

    def put_back(self) -> None:
        connection = self._connection
        with storage_errors(), connection.transaction():
            connection.execute(f"TRUNCATE {', '.join(_TABLES)}")
            for table in _TABLES:
                connection.execute(f"INSERT INTO {table} TABLE {SCHEMA}.{table}")

    def close(self) -> None:
        if self._opened is not None:
            with storage_errors():
                self._opened.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
            self._opened.close()
            self._opened = None

    @property
    def _connection(self) -> psycopg.Connection[tuple[Any, ...]]:
        if self._opened is None or self._opened.closed:
            self._opened = connect(self._address)
        return self._opened
