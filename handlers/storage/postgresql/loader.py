"""Loading of a world into PostgreSQL."""

from collections.abc import Sequence
from typing import Any

from psycopg import errors

from ..interface import BindingConflict
from ..loader import Loader
from ..rows import ADDED
from . import citus
from .connection import SyncConnection, storage_errors

ADD_BINDINGS = f"COPY bindings ({', '.join(ADDED)}) FROM STDIN (FORMAT BINARY)"

_TYPES = ["bytea" if column == "key_sha256" else "text" for column in ADDED]

# Citus gives an error of a COPY on another node a code of its own, and leaves out the constraint and the line.
_COPY_REFUSED = (errors.ForeignKeyViolation, errors.UniqueViolation, errors.InternalError_)

# DROP INDEX locks the table until the transaction ends: so there must be no other clients.
MAY_LEAVE_INDEXES = """
    SELECT pg_has_role(relowner, 'USAGE') AND NOT EXISTS (SELECT FROM bindings) AND NOT EXISTS (
        SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
        AND backend_type = 'client backend')
    FROM pg_class WHERE oid = 'bindings'::regclass"""


class PostgresLoader(Loader):
    """`Loader` on a connection with a transaction."""

    MARK, LOCK, PLACE, ERRORS = "%s", "FOR UPDATE", "ctid", storage_errors

    REFUSED, NO_PARENT = (errors.ForeignKeyViolation, errors.UniqueViolation), "23503"

    INDEXES = """
        SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid)
        FROM pg_index WHERE indrelid = 'bindings'::regclass AND NOT indisprimary"""

    _connection: SyncConnection

    def _execute(self, statement: str, values: Sequence[Any]) -> list[Any]:
        cursor = self._connection.execute(statement, values)
        return cursor.fetchall() if cursor.description else []

    def _add(self, rows: Sequence[tuple[Any, ...]]) -> None:
        try:
            self._copy(rows)
        except _COPY_REFUSED as error:
            for index, row in enumerate(rows):
                if obstacle := self._obstacle(*row[:3]):
                    raise BindingConflict(obstacle, index) from error
                self._copy([row])

    def _copy(self, rows: Sequence[tuple[Any, ...]]) -> None:
        with self._connection.transaction(), self._connection.cursor().copy(ADD_BINDINGS) as copy:
            copy.set_types(_TYPES)
            for row in rows:
                copy.write_row(row)

    def _may_leave_indexes(self) -> bool:
        return not citus.is_there(self._connection) and bool(self.ask(MAY_LEAVE_INDEXES)[0][0])

    def _make_index(self, statement: str) -> None:
        with self._connection.transaction():
            self._connection.execute(statement)
