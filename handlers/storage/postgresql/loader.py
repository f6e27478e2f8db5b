"""Loading of a world into PostgreSQL."""

from collections.abc import Sequence
from typing import Any

from psycopg import errors

from ..interface import BindingConflict, same_device
from ..loader import Loader
from ..rows import ADDED
from . import citus
from .connection import SyncConnection, storage_errors

ADD_BINDINGS = f"COPY bindings ({', '.join(ADDED)}) FROM STDIN (FORMAT BINARY)"

_TYPES = ["bytea" if column == "key_sha256" else "text" for column in ADDED]

# Citus gives an error of a COPY on another node a code of its own, and leaves out the constraint and the line.
_COPY_REFUSED = (errors.ForeignKeyViolation, errors.UniqueViolation, errors.InternalError_)

HAS_SERVICE = "SELECT 1 FROM services WHERE sid = %s"

ALREADY_THERE = """
    SELECT sid, key_sha256 FROM bindings WHERE service_sid = %s AND sid = ANY(%s::text[])
    UNION ALL
    SELECT sid, key_sha256 FROM bindings WHERE service_sid = %s AND key_sha256 = ANY(%s::bytea[])"""

# DROP INDEX locks the table until the transaction ends: so there must be no other clients.
MAY_LEAVE_INDEXES = """
    SELECT pg_has_role(relowner, 'USAGE') AND NOT EXISTS (SELECT FROM bindings) AND NOT EXISTS (
        SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
        AND backend_type = 'client backend')
    FROM pg_class WHERE oid = 'bindings'::regclass"""

REMOVE_BINDINGS = "DELETE FROM bindings WHERE service_sid = %s"


class PostgresLoader(Loader):
    """`Loader` on a connection with a transaction."""

    MARK, LOCK, PLACE = "%s", "FOR UPDATE", "ctid"
    REFUSED = (errors.ForeignKeyViolation, errors.UniqueViolation)

    INDEXES = """
        SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid)
        FROM pg_index WHERE indrelid = 'bindings'::regclass AND NOT indisprimary"""

    _connection: SyncConnection

    def _execute(self, statement: str, values: Sequence[Any]) -> list[Any]:
        with storage_errors():
            cursor = self._connection.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    def _remove_bindings(self, service_sid: str) -> None:
        self.ask(REMOVE_BINDINGS, service_sid)

    def _add(self, rows: Sequence[tuple[Any, ...]]) -> None:
        with storage_errors():
            try:
                with self._connection.transaction(), self._connection.cursor().copy(ADD_BINDINGS) as copy:
                    copy.set_types(_TYPES)
                    for row in rows:
                        copy.write_row(row)
            except _COPY_REFUSED as error:
                if (conflict := self._conflict(rows)) is None:
                    raise
                raise conflict from error

    def _may_leave_indexes(self) -> bool:
        return not citus.is_there(self._connection) and bool(self.ask(MAY_LEAVE_INDEXES)[0][0])

    def _make_index(self, statement: str) -> None:
        with storage_errors(), self._connection.transaction():
            self._connection.execute(statement)

    def _lacks_parent(self, error: Exception) -> bool:
        return isinstance(error, errors.ForeignKeyViolation)

    def _conflict(self, rows: Sequence[tuple[Any, ...]]) -> BindingConflict | None:
        """Find the first row that the table cannot take, among those before it and those that are there."""
        service_sids, keys, sids, *_ = zip(*rows, strict=True)
        if not self.ask(HAS_SERVICE, service_sids[0]):
            return BindingConflict(f"there is no service {service_sids[0]}", 0)
        there = self.ask(ALREADY_THERE, service_sids[0], list(sids), service_sids[0], list(keys))
        known, by_key = {sid for sid, _ in there}, {bytes(key): sid for sid, key in there}
        for index, (sid, key) in enumerate(zip(sids, keys, strict=True)):
            if sid in known:
                return BindingConflict(f"Binding {sid} is there already", index)
            if key in by_key:
                return BindingConflict(same_device(by_key[key]), index)
            known.add(sid)
            by_key[key] = sid
        return None
