"""The statements of requests. Each reads one moment of the database, or commits by itself.

A list's order is that of exactly one index: rows are compared and ordered by all of its columns after `service_sid`,
with `<=` where `=` would do. Else PostgreSQL, by statistics that may be old, walks another index and tests each row.
"""

from functools import cache
from typing import Any

from ..interface import Binding, Runs
from ..rows import COLUMNS, register_statement

OWNER = "EXISTS (SELECT FROM services WHERE services.sid = %(service_sid)s AND account_sid = %(account_sid)s)"
"""The condition that the account has the service: evaluated once a statement."""

CREDENTIAL = """
    SELECT coalesce(account.sid, key.account_sid, %(user_name)s),
           coalesce(account.auth_token_sha256, key.secret_sha256, repeat('0', 64)),
           coalesce(account.sid, key.sid) IS NOT NULL
    FROM (SELECT) AS one
    LEFT JOIN accounts AS account ON account.sid = %(user_name)s
    LEFT JOIN api_keys AS key ON key.sid = %(user_name)s"""
"""Always one row: no answer takes longer because there is such a user."""

SERVICE = f"SELECT 1 WHERE {OWNER}"

FETCH = f"SELECT {COLUMNS} FROM bindings WHERE service_sid = %(service_sid)s AND sid = %(sid)s AND {OWNER}"  # noqa: S608 - constants

REGISTER = register_statement("%({})s".format, "services", "greatest")

DELETE = f"DELETE FROM bindings WHERE service_sid = %(service_sid)s AND sid = %(sid)s AND {OWNER}"  # noqa: S608 - constants

_CHOICES = "unnest(%(identities)s::text[], %(binding_types)s::text[]) AS choice (identity, binding_type)"


def _run(columns: str, by: dict[str, str], side: str, limit: str, condition: str = "true") -> str:
    """Build the statement of a run; `by` has the columns before `sid` in its index, and their values."""
    end, order = ("<=", "ASC") if side.startswith(">") else (">=", "DESC")
    names, values = ", ".join([*by, "sid"]), ", ".join([*by.values(), "%(sid)s"])
    ends = f"AND ({', '.join(by)}) {end} ({', '.join(by.values())})" if by else ""
    ordering = ", ".join(f"{column} {order}" for column in (*by, "sid"))
    return (  # of constants alone
        f"SELECT {columns} FROM bindings WHERE service_sid = %(service_sid)s AND ({names}) {side} ({values}) {ends} "  # noqa: S608
        f"AND {condition} ORDER BY {ordering} LIMIT {limit}"
    )


@cache
def list_statement(by: tuple[str, ...], *, merged: bool, descending: bool) -> str:
    """Build the statement of a page: rows of `COLUMNS`, and whether there is more on the other side of its SID."""
    values = {column: f"choice.{column}" if merged else f"%({column})s" for column in by}
    side, other_side, order = ("<", ">=", "DESC") if descending else (">", "<=", "ASC")
    other = _run("true", values, other_side, "1")
    if not merged:
        return _run(f"{COLUMNS}, ({other}) IS NOT NULL", values, side, "%(size)s", OWNER)
    # each run, of one choice of values, is read as far as the page could need it
    columns = ", ".join(f"run.{column}" for column in Binding._fields)
    return (  # of constants alone
        f"SELECT {columns}, "  # noqa: S608
        f"(SELECT true FROM {_CHOICES} CROSS JOIN LATERAL ({other}) AS other LIMIT 1) IS NOT NULL "
        f"FROM {_CHOICES} CROSS JOIN LATERAL ({_run(COLUMNS, values, side, '%(size)s')}) AS run "
        f"WHERE {OWNER} ORDER BY run.sid {order} LIMIT %(size)s"
    )


class Listing:
    """The list of a service's Bindings that match filters."""

    def __init__(self, account_sid: str, service_sid: str, runs: Runs) -> None:
        identities, binding_types = ([run[place] for run in runs] for place in (0, 1))
        self._by = ("identity",) * (None not in identities) + ("binding_type",) * (None not in binding_types)
        self._merged = len(runs) != 1
        self._values: dict[str, Any] = {"account_sid": account_sid, "service_sid": service_sid}
        if self._merged:
            self._values |= {"identities": identities, "binding_types": binding_types}
        else:
            self._values["identity"], self._values["binding_type"] = runs[0]

    def rows(self, side: str, sid: str, size: int) -> tuple[str, dict[str, Any]]:
        """Return the statement for at most `size` Bindings right after a SID, or right before it, and its values."""
        statement = list_statement(self._by, merged=self._merged, descending=side == "before")
        return statement, self._values | {"sid": sid, "size": size}
