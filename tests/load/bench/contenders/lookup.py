"""The lookups that every Python contender does: our schema, settings and statements, by APSW, and nothing around them.

They stand here, and are not taken from the service, so that what it is compared with stays put while it changes.
"""

import hashlib
import hmac
import os
from collections.abc import Sequence
from typing import Any

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

Rows = list[Sequence[Any]]


class Lookup:
    """The database that `BENCH_DATABASE` names, with the settings that the service has."""

    def __init__(self) -> None:
        self.connection = apsw.Connection(os.environ["BENCH_DATABASE"], flags=apsw.SQLITE_OPEN_READWRITE)
        self.connection.set_busy_timeout(2000)
        self.connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
        for name, value in (("synchronous", "FULL"), ("secure_delete", "ON"), ("foreign_keys", "ON")):
            self.connection.pragma(name, value)

    def account(self, user_name: str, password: str) -> str | None:
        """Return the SID of the account with these credentials; None for wrong ones."""
        credential = self.connection.execute(CREDENTIAL, {"user_name": user_name}).fetchone()
        expected = credential[1] if credential else "0" * 64
        matches = hmac.compare_digest(hashlib.sha256(password.encode()).hexdigest(), expected)
        return credential[0] if credential and matches else None

    def owner(self, service_sid: str) -> str | None:
        """Return the account that a service belongs to."""
        row = self.connection.execute(SERVICE, (service_sid,)).fetchone()
        return row and row[0]

    def fetch(self, service_sid: str, sid: str) -> Sequence[Any] | None:
        """Return a row of `COLUMNS`, with its account after them."""
        return self.connection.execute(FETCH, (service_sid, sid)).fetchone()

    def page(
        self, service_sid: str, types: Sequence[str], identities: Sequence[str], token: str | None, size: int
    ) -> tuple[Rows, bool, bool]:
        """Return at most `size` rows in the order of their SIDs, and whether there are more before and after them."""
        which = (service_sid, types, identities)
        if token is not None and token.startswith("PB"):
            rows = self._run(*which, "<", token[2:], size + 1)
            if len(rows) >= size:
                found = rows[:size][::-1]
                return found, len(rows) > size, bool(self._run(*which, ">", found[-1][0], 1, "1"))
            token = None
        rows = self._run(*which, ">", token[2:] if token else "", size + 1)
        has_previous = bool(token and rows and self._run(*which, "<", rows[0][0], 1, "1"))
        return rows[:size], has_previous, len(rows) > size

    def _run(
        self,
        service_sid: str,
        types: Sequence[str],
        identities: Sequence[str],
        side: str,
        sid: str,
        size: int,
        columns: str = COLUMNS,
    ) -> Rows:
        source, conditions = "bindings", "service_sid = ?"
        # INDEXED BY: without statistics SQLite walks the primary key and tests each row
        if identities:
            source, conditions = (
                f"{source} INDEXED BY bindings_by_identity",
                conditions + _is_one("identity", identities),
            )
        elif types:
            source = f"{source} INDEXED BY bindings_by_type"
        conditions += _is_one("binding_type", types) if types else ""
        order = "DESC" if side == "<" else "ASC"
        statement = f"SELECT {columns} FROM {source} WHERE {conditions} AND sid {side} ? ORDER BY sid {order} LIMIT ?"
        return self.connection.execute(statement, (service_sid, *identities, *types, sid, size)).fetchall()


def _is_one(column: str, values: Sequence[str]) -> str:
    return f" AND {column} = ?" if len(values) == 1 else f" AND {column} IN ({', '.join('?' * len(values))})"


LOOKUP = Lookup()
