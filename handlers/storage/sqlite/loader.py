"""Adds a world to an SQLite file, inside a transaction that its caller has begun."""

from collections.abc import Sequence
from typing import Any

import apsw

from ..interface import AccountRow, Binding, BindingConflict, Conflict, KeyRow, ServiceRow
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

# In steps, since SQLite remembers each row that one statement is about to delete.
REMOVE_BINDINGS = """
    DELETE FROM bindings
    WHERE rowid IN (SELECT rowid FROM bindings WHERE service_sid = ? ORDER BY sid LIMIT 10000)"""


def insert(connection: apsw.Connection, kind: str, statement: str, row: AccountRow | KeyRow | ServiceRow) -> None:
    """Add one row; `kind` is what it is called in the message of a `Conflict`."""
    try:
        with away():
            connection.execute(statement, row)
    except apsw.ConstraintError as error:
        if extended_code(error) == apsw.SQLITE_CONSTRAINT_FOREIGNKEY:
            raise Conflict(f"there is no account {row[1]}") from error
        raise Conflict(f"{kind} {row.sid} is there already") from error


def remove_service(connection: apsw.Connection, sid: str) -> None:
    """Remove a service and its Bindings, if it is there."""
    with away():
        removed = True
        while removed:
            connection.execute(REMOVE_BINDINGS, (sid,))
            removed = connection.changes() > 0
        connection.execute("DELETE FROM services WHERE sid = ?", (sid,))


def remove_account(connection: apsw.Connection, sid: str) -> None:
    """Remove an account and all that stands under it, if it is there."""
    with away():
        services = connection.execute("SELECT sid FROM services WHERE account_sid = ?", (sid,)).fetchall()
    for (service_sid,) in services:
        remove_service(connection, str(service_sid))
    with away():
        connection.execute("DELETE FROM api_keys WHERE account_sid = ?", (sid,))
        connection.execute("DELETE FROM accounts WHERE sid = ?", (sid,))


class SqliteLoader:
    """`Loader` on a connection with a transaction."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    def remove_account(self, sid: str) -> None:
        remove_account(self._connection, sid)

    def add_account(self, account: AccountRow) -> None:
        insert(self._connection, "account", ADD_ACCOUNT, account)

    def add_key(self, key: KeyRow) -> None:
        insert(self._connection, "API key", ADD_KEY, key)

    def add_service(self, service: ServiceRow) -> None:
        insert(self._connection, "service", ADD_SERVICE, service)

    def add_bindings(self, service_sid: str, bindings: Sequence[Binding]) -> None:
        rows = [added(service_sid, binding) for binding in bindings]
        before = self._connection.total_changes()
        try:
            with away():
                self._connection.executemany(ADD_BINDING, rows)
        except apsw.ConstraintError as error:
            index = self._connection.total_changes() - before  # rows before the offending one are in
            raise BindingConflict(self._broken_rule(error, rows[index]), index) from error

    def _broken_rule(self, error: apsw.ConstraintError, row: Sequence[Any]) -> str:
        service_sid, sid, key_sha256 = row[:3]
        if extended_code(error) == apsw.SQLITE_CONSTRAINT_FOREIGNKEY:
            return f"there is no service {service_sid}"
        if extended_code(error) == apsw.SQLITE_CONSTRAINT_PRIMARYKEY:
            return f"Binding {sid} is there already"
        with away():
            ((other,),) = self._connection.execute(SAME_KEY, (service_sid, key_sha256))
        return f"its service has the same identity, endpoint and binding_type already, as {other}"
