"""The copy of a PostgreSQL database to return to: the same tables in a schema of their own."""

from collections.abc import Iterator
from contextlib import contextmanager

from ..loader import Loader
from . import citus
from .administration import PostgresAdministration
from .connection import SyncConnection, storage_errors

SCHEMA = "chat_bindings_kept"
"""The schema of the kept tables."""

_TABLES = {
    "accounts": ("auth_token_sha256",),
    "api_keys": ("account_sid", "secret_sha256"),
    "services": ("account_sid",),
    "bindings": (),
}
"""Parents first, with the columns to update. A Binding is deleted instead: two may have exchanged their unique keys."""

_SAME = "kept.service_sid = bindings.service_sid AND kept.sid = bindings.sid AND ROW(kept.*) = ROW(bindings.*)"


class PostgresKept(PostgresAdministration):
    """Unlogged copies of a database's tables. Only one server may keep a copy in a database."""

    _is_new = False

    def keep(self) -> None:
        connection = self._connection
        with self._change():
            connection.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
            connection.execute(f"CREATE SCHEMA {SCHEMA}")
            for table in _TABLES:
                connection.execute(f"CREATE UNLOGGED TABLE {SCHEMA}.{table} (LIKE {table} INCLUDING ALL)")
                connection.execute(f"INSERT INTO {SCHEMA}.{table} TABLE {table}")

    @contextmanager
    def replace(self) -> Iterator[Loader]:
        with self.load() as loader:
            self._connection.execute(f"SET LOCAL search_path TO {SCHEMA}")
            self._connection.execute(f"TRUNCATE {', '.join(_TABLES)}")
            yield loader
        self._is_new = True

    def put_back(self) -> None:
        connection = self._connection
        with self._change():
            # a reset that a power failure undoes is none that a test relies on
            connection.execute("SET LOCAL synchronous_commit TO off")
            if self._is_new or citus.is_there(connection):
                connection.execute(f"TRUNCATE {', '.join(_TABLES)}")
                for table in _TABLES:
                    connection.execute(f"INSERT INTO {table} TABLE {SCHEMA}.{table}")
            else:
                _undo_changes(connection)
        self._is_new = False

    def close(self) -> None:
        if self._opened is not None:
            with storage_errors():
                self._opened.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
        self.__exit__()

    @property
    def _connection(self) -> SyncConnection:
        return self._open()


def _undo_changes(connection: SyncConnection) -> None:
    """Write the rows that differ alone: a test changes few of many, and each costs an entry in every index."""
    connection.execute(f"LOCK TABLE {', '.join(_TABLES)} IN SHARE ROW EXCLUSIVE MODE")
    for table in reversed(_TABLES):
        same = _SAME if table == "bindings" else f"kept.sid = {table}.sid"
        kept = f"{SCHEMA}.{table} AS kept WHERE {same}"
        connection.execute(f"DELETE FROM {table} WHERE NOT EXISTS (SELECT FROM {kept})")  # noqa: S608 - names of ours
    for table, columns in _TABLES.items():
        same = _SAME if table == "bindings" else f"ROW(kept.*) = ROW({table}.*)"
        changes = ", ".join(f"{column} = excluded.{column}" for column in columns)
        conflict = f"ON CONFLICT (sid) DO UPDATE SET {changes}" if changes else ""
        kept = f"{SCHEMA}.{table} AS kept WHERE NOT EXISTS (SELECT FROM {table} WHERE {same})"
        connection.execute(f"INSERT INTO {table} SELECT kept.* FROM {kept} {conflict}")  # noqa: S608 - likewise
