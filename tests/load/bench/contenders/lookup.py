"""The lookups that every Python contender does: our schema, settings and statements, by APSW, and nothing around them.

They stand here, and are not taken from the service, so that what it is compared with stays put while it changes.
"""

import os
from collections.abc import Sequence
from typing import Any, NamedTuple

import apsw

COLUMNS = """bindings.sid, service_sid, date_created, date_updated, endpoint, identity, binding_type, credential_sid,
    message_types"""

CREDENTIAL = """
    SELECT sid, auth_token_sha256 FROM accounts WHERE sid = :user_name
    UNION ALL SELECT account_sid, secret_sha256 FROM api_keys WHERE sid = :user_name"""

SERVICE = "SELECT account_sid FROM services WHERE sid = ?"

FETCH = f"""
    SELECT {COLUMNS}, (SELECT account_sid FROM services WHERE services.sid = service_sid) FROM bindings
    WHERE service_sid = ? AND bindings.sid = ?"""


class Position(NamedTuple):
    """Where a page begins: right after a SID, or so that it ends right before one."""

    side: str
    sid: str


class Found(NamedTuple):
    """A page's rows, and whether there is more on either side."""

    rows: Sequence[Sequence[Any]]
    has_previous: bool
    has_next: bool


def position(token: str | None) -> Position | None:
    """Where a page token points. Raises `KeyError` for what is none."""
    return None if token is None else Position({"PA": "after", "PB": "before"}[token[:2]], token[2:])


def connect(path: str | None = None) -> apsw.Connection:
    """Open the database that `BENCH_DATABASE` names, with the settings that the service has."""
    connection = apsw.Connection(path or os.environ["BENCH_DATABASE"], flags=apsw.SQLITE_OPEN_READWRITE)
    connection.set_busy_timeout(2000)
    connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
    for name, value in (("synchronous", "FULL"), ("secure_delete", "ON"), ("foreign_keys", "ON")):
        connection.pragma(name, value)
    return connection


class Lookup:
    """What is read."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    def credential(self, user_name: str) -> tuple[str, str] | None:
        """An account's SID, and the SHA-256 of the secret that proves it."""
        return self._connection.execute(CREDENTIAL, {"user_name": user_name}).fetchone()

    def owner(self, service_sid: str) -> str | None:
        """The account that a service belongs to."""
        row = self._connection.execute(SERVICE, (service_sid,)).fetchone()
        return row and row[0]

    def fetch(self, service_sid: str, sid: str) -> Sequence[Any] | None:
        """A row of `COLUMNS`, with its account after them."""
        return self._connection.execute(FETCH, (service_sid, sid)).fetchone()

    def page(
        self, service_sid: str, types: Sequence[str], identities: Sequence[str], at: Position | None, size: int
    ) -> Found:
        """At most `size` rows in the order of their SIDs."""
        if at is not None and at.side == "before":
            rows = self._run(service_sid, types, identities, at, size + 1)
            if len(rows) >= size:
                found = rows[:size][::-1]
                after = Position("after", found[-1][0])
                return Found(found, len(rows) > size, bool(self._run(service_sid, types, identities, after, 1, "1")))
            at = None
        rows = self._run(service_sid, types, identities, at or Position("after", ""), size + 1)
        before = Position("before", rows[0][0]) if rows else None
        has_previous = bool(at and before and self._run(service_sid, types, identities, before, 1, "1"))
        return Found(rows[:size], has_previous, len(rows) > size)

    def _run(
        self,
        service_sid: str,
        types: Sequence[str],
        identities: Sequence[str],
        at: Position,
        size: int,
        columns: str = COLUMNS,
    ) -> list[Sequence[Any]]:
        # INDEXED BY: without statistics SQLite walks the primary key and tests each row
        source, conditions = "bindings", "service_sid = ?"
        if types:
            source, conditions = "bindings INDEXED BY bindings_by_type", f"{conditions} AND {_one_of('type', types)}"
        if identities:
            source = "bindings INDEXED BY bindings_by_identity"
            conditions = f"service_sid = ? AND {_one_of('identity', identities)}"
            conditions += f" AND {_one_of('type', types)}" if types else ""
        side, order = ("<", "DESC") if at.side == "before" else (">", "ASC")
        values = (service_sid, *identities, *types) if identities else (service_sid, *types)
        statement = f"SELECT {columns} FROM {source} WHERE {conditions} AND sid {side} ? ORDER BY sid {order} LIMIT ?"
        return self._connection.execute(statement, (*values, at.sid, size)).fetchall()


def _one_of(column: str, values: Sequence[str]) -> str:
    name = {"type": "binding_type", "identity": "identity"}[column]
    return f"{name} = ?" if len(values) == 1 else f"{name} IN ({', '.join('?' * len(values))})"
