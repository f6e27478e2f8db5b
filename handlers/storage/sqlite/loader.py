"""Loading of a world into an SQLite file."""

from collections.abc import Sequence
from typing import Any

import apsw

from ..interface import BindingConflict
from ..loader import Loader
from ..rows import ADDED
from .connection import storage_errors

ADD_BINDING = f"INSERT INTO bindings ({', '.join(ADDED)}) VALUES ({', '.join('?' * len(ADDED))})"  # noqa: S608 - constants

_CACHE = 64 * 1024
"""KiB of pages to hold where rows come first, and as much again to sort an index."""

_LISTEN_EVERY = 1_000_000
"""Instructions of SQLite's machine between which an interruption is heard."""


class SqliteLoader(Loader):
    """`Loader` on a connection with a transaction."""

    MARK, LOCK, PLACE, ERRORS = "?", "", "rowid", storage_errors
    REFUSED, NO_PARENT = (apsw.ConstraintError,), apsw.SQLITE_CONSTRAINT_FOREIGNKEY

    INDEXES = "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'bindings' AND sql IS NOT NULL"

    _connection: apsw.Connection

    def _execute(self, statement: str, values: Sequence[Any]) -> list[Any]:
        return self._connection.execute(statement, values).fetchall()

    def _remove_bindings(self, service_sid: str) -> None:
        # in batches: SQLite keeps the rowids of one statement in memory
        batch = "SELECT rowid FROM bindings WHERE service_sid = ? ORDER BY sid LIMIT 10000"
        removed = True
        while removed:
            self.ask(f"DELETE FROM bindings WHERE rowid IN ({batch})", service_sid)  # noqa: S608 - constants
            removed = self._connection.changes() > 0

    def _add(self, rows: Sequence[tuple[Any, ...]]) -> None:
        before = self._connection.total_changes()
        try:
            self._connection.executemany(ADD_BINDING, rows)
        except apsw.ConstraintError as error:
            index = self._connection.total_changes() - before  # rows before the offending one are in
            raise BindingConflict(self._obstacle(*rows[index][:3]), index) from error

    def _may_leave_indexes(self) -> bool:
        if self.ask("SELECT 1 FROM bindings LIMIT 1"):
            return False
        self._connection.pragma("cache_size", -_CACHE)
        return True

    def _make_index(self, statement: str) -> None:
        # what sorting does not hold in memory goes into a file without a name
        self._connection.pragma("temp_store", "FILE")
        self._connection.set_progress_handler(lambda: False, _LISTEN_EVERY)
        self._execute(statement, ())
