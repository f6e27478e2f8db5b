"""Adds a world to PostgreSQL, inside a transaction that its caller has begun."""

from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg import errors

from ..interface import AccountRow, Binding, BindingConflict, Conflict, KeyRow, ServiceRow, TwinConflict
from ..progress import Progress, quietly
from ..rows import ADDED, added
from . import citus
from .connection import away

Connection = psycopg.Connection[tuple[Any, ...]]

ADD_ACCOUNT = "INSERT INTO accounts (sid, auth_token_sha256) VALUES (%s, %s)"

ADD_KEY = "INSERT INTO api_keys (sid, account_sid, secret_sha256) VALUES (%s, %s, %s)"

ADD_SERVICE = "INSERT INTO services (sid, account_sid) VALUES (%s, %s)"

ADD_BINDINGS = f"COPY bindings ({', '.join(ADDED)}) FROM STDIN (FORMAT BINARY)"

_TYPES = ["bytea" if column == "key_sha256" else "text" for column in ADDED]

# Citus gives an error of a COPY on another node a code of its own, and leaves out the constraint and the line.
_REFUSED = (errors.ForeignKeyViolation, errors.UniqueViolation, errors.InternalError_)

HAS_SERVICE = "SELECT 1 FROM services WHERE sid = %s"

ALREADY_THERE = """
    SELECT sid, key_sha256 FROM bindings WHERE service_sid = %(service_sid)s AND sid = ANY(%(sids)s::text[])
    UNION ALL
    SELECT sid, key_sha256 FROM bindings WHERE service_sid = %(service_sid)s AND key_sha256 = ANY(%(keys)s::bytea[])"""

# Who drops an index keeps all others from the table until the end: so there must be no others.
MAY_LEAVE_INDEXES = """
    SELECT pg_has_role(relowner, 'USAGE') AND NOT EXISTS (SELECT FROM bindings) AND NOT EXISTS (
        SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
        AND backend_type = 'client backend')
    FROM pg_class WHERE oid = 'bindings'::regclass"""

INDEXES = """
    SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid)
    FROM pg_index WHERE indrelid = 'bindings'::regclass AND NOT indisprimary"""

# The first Binding, in the order in which they were added, that has the unique key of an earlier one.
TWIN = """
    SELECT service_sid, sid, first FROM (
        SELECT ctid, service_sid, sid, first_value(sid) OVER same AS first, row_number() OVER same AS number
        FROM bindings WINDOW same AS (PARTITION BY service_sid, key_sha256 ORDER BY ctid)) AS ordered
    WHERE number = 2 ORDER BY ctid LIMIT 1"""

MANY = 200
"""How many Bindings at once are worth making the indexes after them."""

REMOVE_BINDINGS = "DELETE FROM bindings WHERE service_sid = %s"


class PostgresLoader:
    """`Loader` on a connection with a transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._indexes: list[str] | None = None

    def remove_account(self, sid: str) -> None:
        with away():
            self._connection.execute("SELECT 1 FROM accounts WHERE sid = %s FOR UPDATE", (sid,))
            services = self._connection.execute("SELECT sid FROM services WHERE account_sid = %s", (sid,)).fetchall()
            for (service_sid,) in services:
                self.remove_service(service_sid)
            self._connection.execute("DELETE FROM api_keys WHERE account_sid = %s", (sid,))
            self._connection.execute("DELETE FROM accounts WHERE sid = %s", (sid,))

    def remove_service(self, sid: str) -> None:
        with away():
            # a registration that comes meanwhile waits, and finds no service
            self._connection.execute("SELECT 1 FROM services WHERE sid = %s FOR UPDATE", (sid,))
            self._connection.execute(REMOVE_BINDINGS, (sid,))
            self._connection.execute("DELETE FROM services WHERE sid = %s", (sid,))

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
        except errors.ForeignKeyViolation as error:
            raise Conflict(f"there is no account {row[1]}") from error
        except errors.UniqueViolation as error:
            raise Conflict(f"{kind} {row.sid} is there already") from error

    def add_bindings(self, service_sid: str, bindings: Sequence[Binding]) -> None:
        if self._indexes is None and len(bindings) >= MANY:
            self._leave_indexes()
        rows = [added(service_sid, binding) for binding in bindings]
        with away():
            try:
                with self._connection.transaction(), self._connection.cursor().copy(ADD_BINDINGS) as copy:
                    copy.set_types(_TYPES)
                    for row in rows:
                        copy.write_row(row)
            except _REFUSED as error:
                if (conflict := self._conflict(service_sid, rows)) is None:
                    raise
                raise conflict from error

    def finish(self, progress: Progress = quietly) -> None:
        statements, self._indexes = self._indexes, None
        if not statements:
            return
        with away(), progress("indexing", len(statements)) as advance:
            for statement in statements:
                try:
                    with self._connection.transaction():
                        self._connection.execute(statement)
                except errors.UniqueViolation as error:
                    raise TwinConflict(*self._connection.execute(TWIN).fetchall()[0]) from error
                advance(1)

    def _leave_indexes(self) -> None:
        """Make no index but the primary key's while rows are added, where that keeps nobody waiting."""
        self._indexes = []
        with away():
            if citus.is_there(self._connection):
                return
            ((may,),) = self._connection.execute(MAY_LEAVE_INDEXES)
            if not may:
                return
            for name, statement in self._connection.execute(INDEXES).fetchall():
                self._connection.execute(f"DROP INDEX {name}")
                self._indexes.append(statement)

    def _conflict(self, service_sid: str, rows: Sequence[tuple[Any, ...]]) -> BindingConflict | None:
        """Find the first row that the table cannot take, among those before it and those that are there."""
        with away():
            if not self._connection.execute(HAS_SERVICE, (service_sid,)).fetchall():
                return BindingConflict(f"there is no service {service_sid}", 0)
            _, sids, keys, *_ = zip(*rows, strict=True)
            values = {"service_sid": service_sid, "sids": list(sids), "keys": list(keys)}
            there = self._connection.execute(ALREADY_THERE, values).fetchall()
        known, by_key = {sid for sid, _ in there}, {bytes(key): sid for sid, key in there}
        for index, (_, sid, key, *_) in enumerate(rows):
            if sid in known:
                return BindingConflict(f"Binding {sid} is there already", index)
            if key in by_key:
                same = f"its service has the same identity, endpoint and binding_type already, as {by_key[key]}"
                return BindingConflict(same, index)
            known.add(sid)
            by_key[key] = sid
        return None
