"""Reads of requests. Each function reads one moment of the database, and blocks for microseconds."""

import heapq
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from itertools import islice
from operator import itemgetter
from typing import Any

import apsw

from ..interface import Binding, Credential, Page, Position, Runs
from ..rows import COLUMNS
from .connection import transaction

as_binding: Callable[[Sequence[Any]], Binding] = partial(tuple.__new__, Binding)
"""A row of `COLUMNS`, as a Binding. `Binding._make` is Python, and costs as much as the row."""

# Each takes as long for the data of another account as for what does not exist: clients can measure half a microsecond.

CREDENTIAL = """
    SELECT coalesce(account.sid, key.account_sid, any.sid),
           coalesce(account.auth_token_sha256, key.secret_sha256, any.auth_token_sha256),
           coalesce(account.rowid, key.rowid) IS NOT NULL
    FROM (SELECT 1)
    LEFT JOIN accounts AS account ON account.sid = :user_name
    LEFT JOIN api_keys AS key ON key.sid = :user_name
    LEFT JOIN accounts AS any ON account.sid IS NULL AND key.sid IS NULL AND any.rowid > 0 AND +any.sid <> :user_name
    LIMIT 1"""
"""Always one row: for an unknown user that of any account, which is read and not used."""

# by the index that begins with the account: by its SID alone another's service would be found and read
OWNED = "services INDEXED BY services_by_account"

SERVICE = f"SELECT 1 FROM {OWNED} WHERE account_sid = ? AND sid = ?"  # noqa: S608 - constants

# CROSS JOIN, since that keeps the order: a Binding is looked for only in a service that is the account's. The
# text is short, since APSW hashes it for each call.
FETCH = (
    f"SELECT b.{COLUMNS} FROM {OWNED} CROSS JOIN bindings AS b "  # noqa: S608 - constants
    "WHERE account_sid = ?3 AND services.sid = ?1 AND service_sid = ?1 AND b.sid = ?2"
)

# INDEXED BY, since without statistics SQLite walks the primary key and tests each row: 100 times slower at a million.
_SOURCES = {
    (False, False): "bindings",
    (True, False): "bindings INDEXED BY bindings_by_type",
    (True, True): "bindings INDEXED BY bindings_by_identity",
}


@cache
def run_statement(columns: str = COLUMNS, *, by_type: bool, by_identity: bool, descending: bool) -> str:
    """Build the statement of a run: a service's Bindings (of a type, an identity) on one side of a SID, in order."""
    conditions = "service_sid = :service_sid"
    conditions += " AND identity = :identity" if by_identity else ""
    conditions += " AND binding_type = :binding_type" if by_type else ""
    side, order = ("<", "DESC") if descending else (">", "ASC")
    return (  # of constants alone
        f"SELECT {columns} FROM {_SOURCES[by_type, by_identity]} "  # noqa: S608
        f"WHERE {conditions} AND sid {side} :sid ORDER BY sid {order} LIMIT :size"
    )


def credential(connection: apsw.Connection, user_name: str) -> Credential | None:
    """Look up a user name."""
    account_sid, secret_sha256, is_known = next(connection.execute(CREDENTIAL, {"user_name": user_name}))
    found = Credential(account_sid, secret_sha256)
    return found if is_known else None


def owns(connection: apsw.Connection, account_sid: str, service_sid: str) -> bool:
    """Return whether the account has the service."""
    return connection.execute(SERVICE, (account_sid, service_sid)).fetchone() is not None


def fetch(connection: apsw.Connection, account_sid: str, service_sid: str, sid: str) -> Binding | None:
    """Read one Binding."""
    row = connection.execute(FETCH, (service_sid, sid, account_sid)).fetchone()
    return None if row is None else as_binding(row)


class Listing:
    """The list of a service's Bindings that match filters."""

    def __init__(self, connection: apsw.Connection, service_sid: str, runs: Runs) -> None:
        self._connection = connection
        self._service_sid = service_sid
        self._runs = runs

    def rows(self, side: str, sid: str, size: int) -> list[Binding]:
        """Read at most `size` Bindings right after a SID in ascending order, or right before it in descending order."""
        runs = self._execute(COLUMNS, side, sid, size)
        if len(self._runs) == 1:
            return list(map(as_binding, next(runs)))
        # nothing is sorted, and of each run hardly more is read than the list shows
        merged = heapq.merge(*runs, key=itemgetter(0), reverse=side == "before")
        return list(map(as_binding, islice(merged, size)))

    def reaches(self, side: str, sid: str) -> bool:
        """Return whether there is any Binding on that side of a SID."""
        return any(run.fetchone() for run in self._execute("1", side, sid, 1))

    def _execute(self, columns: str, side: str, sid: str, size: int) -> Iterator[apsw.Cursor]:
        values = {"service_sid": self._service_sid, "sid": sid, "size": size}
        for identity, binding_type in self._runs:
            by = {"by_identity": identity is not None, "by_type": binding_type is not None}
            statement = run_statement(columns, **by, descending=side == "before")
            yield self._connection.execute(statement, values | {"identity": identity, "binding_type": binding_type})


def page(  # noqa: PLR0913, PLR0917 - those of `Storage.page`
    connection: apsw.Connection, account_sid: str, service_sid: str, runs: Runs, position: Position | None, size: int
) -> Page | None:
    """Read a page of a list; one before a position that would not be full is the first page."""
    listing = Listing(connection, service_sid, runs)
    with transaction(connection, "DEFERRED"):
        if not owns(connection, account_sid, service_sid):
            return None
        if position is not None and position.side == "before":
            found = listing.rows("before", position.sid, size + 1)
            if len(found) >= size:
                has_previous = len(found) > size
                found = found[size - 1 :: -1]
                return Page(found, has_previous, has_next=listing.reaches("after", found[-1].sid))
            position = None
        found = listing.rows("after", position.sid if position else "", size + 1)
        has_previous = bool(found) and position is not None and listing.reaches("before", found[0].sid)
        return Page(found[:size], has_previous, has_next=len(found) > size)
