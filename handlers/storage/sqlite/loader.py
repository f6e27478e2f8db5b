"""Adds a world to an SQLite file, inside a transaction that its caller has begun."""

from collections.abc import Sequence
from typing import Any

import apsw

from ..interface import AccountRow, Binding, BindingConflict, Conflict, KeyRow, ServiceRow, TwinConflict
from ..progress import Progress, quietly
from ..rows import added
from .connection import away, extended_code

ADD_ACCOUNT = "INSERT INTO accounts (sid, auth_token_sha256) VALUES (?, ?)"

ADD_KEY = "INSERT INTO api_keys (sid, account_sid, secret_sha256) VALUES (?, ?, ?)"

ADD_SERVICE = "INSERT INTO services (sid, account_sid) VALUES (?, ?)"

ADD_BINDING = """
    INSERT INTO bindings (service_sid, sid, key_sha256, identity, endpoint, binding_type, credential_sid,
                          message_types, date_created, date_updated)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""

SAME_KEY = "SELECT sid FROM bindings WHERE service_sid = ? AND key_sha256 = ?"

INDEXES = "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'bindings' AND sql IS NOT NULL"

# The first Binding, in the order in which they were added, that has the unique key of an earlier one.
TWIN = """
    SELECT service_sid, sid, first FROM (
        SELECT rowid, service_sid, sid, first_value(sid) OVER same AS first, row_number() OVER same AS number
        FROM bindings WINDOW same AS (PARTITION BY service_sid, key_sha256 ORDER BY rowid))
    WHERE number = 2 ORDER BY rowid LIMIT 1"""

MANY = 200
"""How many Bindings at once are worth making the indexes after them."""

_CACHE = 64 * 1024
"""KiB of pages to hold where rows come first, and as much again to sort an index."""

_LISTEN_EVERY = 1_000_000
"""Instructions of SQLite's machine between which an interruption is heard."""

# In steps, since SQLite remembers each row that one statement is about to delete.
REMOVE_BINDINGS = """
    DELETE FROM bindings
    WHERE rowid IN (SELECT rowid FROM bindings WHERE service_sid = ? ORDER BY sid LIMIT 10000)"""


class SqliteLoader:
    """`Loader` on a connection with a transaction."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._indexes: list[str] | None = None

    def remove_account(self, sid: str) -> None:
        with away():
            services = self._connection.execute("SELECT sid FROM services WHERE account_sid = ?", (sid,)).fetchall()
            for (service_sid,) in services:
                self.remove_service(str(service_sid))
            self._connection.execute("DELETE FROM api_keys WHERE account_sid = ?", (sid,))
            self._connection.execute("DELETE FROM accounts WHERE sid = ?", (sid,))

    def remove_service(self, sid: str) -> None:
        with away():
            removed = True
            while removed:
                self._connection.execute(REMOVE_BINDINGS, (sid,))
                removed = self._connection.changes() > 0
            self._connection.execute("DELETE FROM services WHERE sid = ?", (sid,))

    def add_account(self, account: AccountRow) -> None:
        self._insert("account", ADD_ACCOUNT, account)

    def add_key(self, key: KeyRow) -> None:
        self._insert("API key", ADD_KEY, key)

    def add_service(self, service: ServiceRow) -> None:
        self._insert("service", ADD_SERVICE, service)

    def _insert(self, kind: str, statement: str, row: AccountRow | KeyRow | ServiceRow) -> None:
        try:
            with away():
                self._connection.execute(statement, row)
        except apsw.ConstraintError as error:
            if extended_code(error) == apsw.SQLITE_CONSTRAINT_FOREIGNKEY:
                raise Conflict(f"there is no account {row[1]}") from error
            raise Conflict(f"{kind} {row.sid} is there already") from error

    def add_bindings(self, service_sid: str, bindings: Sequence[Binding]) -> None:
        if self._indexes is None and len(bindings) >= MANY:
            self._leave_indexes()
        rows = [added(service_sid, binding) for binding in bindings]
        before = self._connection.total_changes()
        try:
            with away():
                self._connection.executemany(ADD_BINDING, rows)
        except apsw.ConstraintError as error:
            index = self._connection.total_changes() - before  # rows before the offending one are in
            raise BindingConflict(self._broken_rule(error, rows[index]), index) from error

    def finish(self, progress: Progress = quietly) -> None:
        statements, self._indexes = self._indexes, None
        if not statements:
            return
        # what sorting does not hold in memory goes into a file without a name
        self._connection.pragma("temp_store", "FILE")
        self._connection.set_progress_handler(lambda: False, _LISTEN_EVERY)
        with away(), progress("indexing", len(statements)) as advance:
            for statement in statements:
                try:
                    self._connection.execute(statement)
                except apsw.ConstraintError as error:
                    raise TwinConflict(*self._connection.execute(TWIN).get) from error
                advance(1)

    def _leave_indexes(self) -> None:
        """Make no index but the primary key's while rows are added, where there are no Bindings yet."""
        self._indexes = []
        with away():
            if self._connection.execute("SELECT EXISTS (SELECT 1 FROM bindings)").get:
                return
            self._connection.pragma("cache_size", -_CACHE)
            for name, statement in self._connection.execute(INDEXES).fetchall():
                self._connection.execute(f"DROP INDEX {name}")
                self._indexes.append(str(statement))

    def _broken_rule(self, error: apsw.ConstraintError, row: Sequence[Any]) -> str:
        service_sid, sid, key_sha256 = row[:3]
        if extended_code(error) == apsw.SQLITE_CONSTRAINT_FOREIGNKEY:
            return f"there is no service {service_sid}"
        if extended_code(error) == apsw.SQLITE_CONSTRAINT_PRIMARYKEY:
            return f"Binding {sid} is there already"
        with away():
            ((other,),) = self._connection.execute(SAME_KEY, (service_sid, key_sha256))
        return f"its service has the same identity, endpoint and binding_type already, as {other}"
