"""Administration of a PostgreSQL database, on which servers may be running."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

from psycopg import errors
from psycopg.pq import TransactionStatus

from ..administration import Administration
from ..interface import Conflict, Schema
from . import schema
from .connection import SyncConnection, connect, conninfo, storage_errors
from .erasure import erase
from .loader import PostgresLoader

_IDENTITY = """
    SELECT concat_ws(' ', 'postgresql', system_identifier, oid, current_schema())
    FROM pg_control_system(), pg_database WHERE datname = current_database()"""


class PostgresAdministration(Administration):
    """`Administration` on a database, to which it connects when it is first needed."""

    LOADER, ERASE = PostgresLoader, erase
    _opened: SyncConnection | None

    def __init__(self, locator: str) -> None:
        self._address = conninfo(locator)
        self._cursors = count(1)

    def migrate(self) -> int:
        with storage_errors():
            return schema.migrate(self._open())

    def schema(self) -> Schema:
        with storage_errors():
            return schema.schema(self._open())

    def identity(self) -> str:
        with storage_errors():
            ((identity,),) = self._open().execute(_IDENTITY)
        return str(identity)

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        with storage_errors(), self._connection.transaction():
            self._connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield

    def _open(self) -> SyncConnection:
        if self._opened is None or self._opened.closed:
            self._opened = connect(self._address)
        return self._opened

    @contextmanager
    def _change(self) -> Iterator[None]:
        try:
            with storage_errors(), self._connection.transaction():
                yield
        except errors.ForeignKeyViolation as error:
            raise Conflict("something was added meanwhile to what was to be deleted: try again") from error

    def _rows(self, statement: str, values: tuple[str, ...]) -> Iterator[Any]:
        """Read by a server-side cursor, in bounded memory. Outside of a transaction it is held without one."""
        idle = self._connection.info.transaction_status == TransactionStatus.IDLE
        with self._connection.cursor(f"rows_{next(self._cursors)}", withhold=idle) as cursor:
            cursor.itersize = 2000  # rows that come at once
            cursor.execute(statement, values)
            yield from cursor
