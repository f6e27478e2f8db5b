"""`Administration` on PostgreSQL: what the commands do to a database, while servers may be running on it."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any, Self

import psycopg
from psycopg import errors
from psycopg.pq import TransactionStatus

from ..interface import AccountRow, Binding, Conflict, KeyRow, Schema, ServiceRow, StorageUnavailable
from ..rows import now
from . import erasure, loader, schema
from .connection import away, connect, conninfo
from .reading import COLUMNS

_AT_ONCE = 2000
"""Rows that a cursor brings at once."""

BINDINGS = f"SELECT {COLUMNS} FROM bindings WHERE service_sid = %s ORDER BY sid"  # noqa: S608 - constants

COUNT_BINDINGS = "SELECT count(*) FROM bindings WHERE service_sid = %s"

IDENTITY = """
    SELECT concat_ws(' ', 'postgresql', system_identifier, oid, current_schema())
    FROM pg_control_system(), pg_database WHERE datname = current_database()"""


class PostgresAdministration:
    """`Administration` on a database, to which it connects when it is first needed."""

    def __init__(self, locator: str) -> None:
        self._address = conninfo(locator)
        self._opened: psycopg.Connection[tuple[Any, ...]] | None = None
        self._cursors = count(1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    def migrate(self) -> int:
        with away():
            return schema.migrate(self._open())

    def schema(self) -> Schema:
        with away():
            return schema.schema(self._open())

    def identity(self) -> str:
        with away():
            ((identity,),) = self._open().execute(IDENTITY)
        return str(identity)

    def accounts(self) -> Iterator[AccountRow]:
        return self._select(AccountRow, "SELECT sid, auth_token_sha256 FROM accounts", None)

    def create_account(self, account: AccountRow) -> None:
        loader.insert(self._connection, "account", loader.ADD_ACCOUNT, account)

    def rotate_token(self, sid: str, auth_token_sha256: str) -> None:
        with away():
            changed = self._connection.execute(
                "UPDATE accounts SET auth_token_sha256 = %s WHERE sid = %s", (auth_token_sha256, sid)
            )
        if not changed.rowcount:
            raise Conflict(f"there is no account {sid}")

    def delete_account(self, sid: str, *, cascade: bool) -> None:
        with self._change():
            self._must_exist("account", "accounts", sid, for_good=True)
            if not cascade:
                held = {
                    "service": self._count("SELECT count(*) FROM services WHERE account_sid = %s", sid),
                    "API key": self._count("SELECT count(*) FROM api_keys WHERE account_sid = %s", sid),
                }
                _must_be_bare("account", sid, held)
            loader.remove_account(self._connection, sid)

    def services(self, account_sid: str | None = None) -> Iterator[ServiceRow]:
        return self._select(ServiceRow, "SELECT sid, account_sid FROM services", account_sid)

    def create_service(self, service: ServiceRow) -> None:
        loader.insert(self._connection, "service", loader.ADD_SERVICE, service)

    def delete_service(self, sid: str, *, cascade: bool) -> None:
        with self._change():
            self._must_exist("service", "services", sid, for_good=True)
            if not cascade:
                _must_be_bare("service", sid, {"Binding": self._count(COUNT_BINDINGS, sid)})
            loader.remove_service(self._connection, sid)

    def keys(self, account_sid: str | None = None) -> Iterator[KeyRow]:
        return self._select(KeyRow, "SELECT sid, account_sid, secret_sha256 FROM api_keys", account_sid)

    def create_key(self, key: KeyRow) -> None:
        loader.insert(self._connection, "API key", loader.ADD_KEY, key)

    def delete_key(self, sid: str) -> None:
        with self._change():
            self._must_exist("API key", "api_keys", sid)
            self._connection.execute("DELETE FROM api_keys WHERE sid = %s", (sid,))

    def count_bindings(self, service_sid: str | None = None) -> int:
        if service_sid is not None:
            return self._count(COUNT_BINDINGS, service_sid)
        return sum(self._count(COUNT_BINDINGS, service.sid) for service in self.services())

    def bindings(self, service_sid: str) -> Iterator[Binding]:
        return self._rows(Binding, BINDINGS, (service_sid,))

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        with away(), self._connection.transaction():
            self._connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield

    @contextmanager
    def load(self) -> Iterator[loader.PostgresLoader]:
        with self._change():
            loading = loader.PostgresLoader(self._connection)
            yield loading
            loading.finish()

    def erase(self) -> list[str]:
        with away():
            if obstacles := erasure.erase(self._connection):
                return obstacles
            self._connection.execute("UPDATE erasures SET erased_at = %s", (now(),))
        return []

    @property
    def _connection(self) -> psycopg.Connection[tuple[Any, ...]]:
        if self._opened is not None:
            return self._opened
        with away():
            connection = self._open()
            if not schema.schema(connection).applied:
                self.__exit__()
                raise StorageUnavailable("it holds no data yet")
        return connection

    def _open(self) -> psycopg.Connection[tuple[Any, ...]]:
        if self._opened is None:
            self._opened = connect(self._address)
        return self._opened

    @contextmanager
    def _change(self) -> Iterator[None]:
        try:
            with away(), self._connection.transaction():
                yield
        except errors.ForeignKeyViolation as error:
            raise Conflict("something was added meanwhile to what was to be deleted: try again") from error

    def _select(self, row_type: Any, statement: str, account_sid: str | None) -> Iterator[Any]:
        if account_sid is None:
            return self._rows(row_type, f"{statement} ORDER BY sid", ())
        with away():
            self._must_exist("account", "accounts", account_sid)
        return self._rows(row_type, f"{statement} WHERE account_sid = %s ORDER BY sid", (account_sid,))

    def _rows(self, row_type: Any, statement: str, values: tuple[str, ...]) -> Iterator[Any]:
        """Rows by a cursor of the server's, so that they need no memory; it outlives a transaction where none is on."""
        with away():
            idle = self._connection.info.transaction_status == TransactionStatus.IDLE
            with self._connection.cursor(f"rows_{next(self._cursors)}", withhold=idle) as cursor:
                cursor.itersize = _AT_ONCE
                cursor.execute(statement, values)
                yield from map(row_type._make, cursor)

    def _count(self, statement: str, *values: str) -> int:
        with away():
            ((number,),) = self._connection.execute(statement, values)
        return int(number)

    def _must_exist(self, kind: str, table: str, sid: str, *, for_good: bool = False) -> None:
        """Raise `Conflict` when it does not. `for_good` it gets no children either, until the transaction ends."""
        lock = "FOR UPDATE" if for_good else ""
        if not self._connection.execute(f"SELECT 1 FROM {table} WHERE sid = %s {lock}", (sid,)).fetchall():  # noqa: S608 - constants alone
            raise Conflict(f"there is no {kind} {sid}")


def _must_be_bare(kind: str, sid: str, counts: dict[str, int]) -> None:
    """Raise `Conflict` when an account or service has children, given as noun=number."""
    held = [f"{number} {noun}{'s' * (number > 1)}" for noun, number in counts.items() if number]
    if held:
        raise Conflict(f"{kind} {sid} still has {' and '.join(held)}: delete them first, or use --cascade")
