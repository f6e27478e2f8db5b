"""The statements of requests. Each reads one moment of the database, or commits by itself.

A list's order is that of exactly one index: rows are compared and ordered by all of its columns after `service_sid`,
with `<=` where `=` would do. PostgreSQL cannot tell then that another index has the same order, and would walk that one
and test each row: it has no `INDEXED BY`, and decides by statistics that may be old.
"""

from functools import cache
from typing import Any, NamedTuple

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

REGISTER = register_statement("%({})s", "services", "greatest")

DELETE = f"DELETE FROM bindings WHERE service_sid = %(service_sid)s AND sid = %(sid)s AND {OWNER}"  # noqa: S608 - constants

_CHOICES = "unnest(%(identities)s::text[], %(binding_types)s::text[]) AS choice (identity, binding_type)"


class Shape(NamedTuple):
    """What the statement of a list depends on."""

    by: tuple[str, ...]
    """The columns that stand before `sid` in its index."""

    merged: bool
    """Whether it is merged of several runs, one for each choice of an identity and a type."""

    descending: bool


def _run(columns: str, shape: Shape, limit: str, *conditions: str, inclusive: bool = False) -> str:
    """Build the statement of a run: a service's Bindings (of a type, an identity) on one side of a SID, in order."""
    values = [f"choice.{column}" if shape.merged else f"%({column})s" for column in shape.by]
    side, end, order = ("<", ">=", "DESC") if shape.descending else (">", "<=", "ASC")
    where = [
        "service_sid = %(service_sid)s",
        f"({', '.join((*shape.by, 'sid'))}) {side}{'=' if inclusive else ''} ({', '.join((*values, '%(sid)s'))})",
        *([f"({', '.join(shape.by)}) {end} ({', '.join(values)})"] if shape.by else ()),
        *conditions,
    ]
    ordering = ", ".join(f"{column} {order}" for column in (*shape.by, "sid"))
    return f"SELECT {columns} FROM bindings WHERE {' AND '.join(where)} ORDER BY {ordering} LIMIT {limit}"  # noqa: S608 - constants


@cache
def list_statement(shape: Shape) -> str:
    """Build the statement of a page: rows of `COLUMNS`, and whether there is more on the other side of its SID.

    Where runs are merged, each is read as far as the page could need it.
    """
    opposite = _run("true", shape._replace(descending=not shape.descending), "1", inclusive=True)
    if not shape.merged:
        return _run(f"{COLUMNS}, ({opposite}) IS NOT NULL", shape, "%(size)s", OWNER)
    columns = ", ".join(f"run.{column}" for column in Binding._fields)
    order = "DESC" if shape.descending else "ASC"
    return (  # of constants alone
        f"SELECT {columns}, "  # noqa: S608
        f"(SELECT true FROM {_CHOICES} CROSS JOIN LATERAL ({opposite}) AS other LIMIT 1) IS NOT NULL "
        f"FROM {_CHOICES} CROSS JOIN LATERAL ({_run(COLUMNS, shape, '%(size)s')}) AS run "
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
        shape = Shape(self._by, self._merged, descending=side == "before")
        return list_statement(shape), self._values | {"sid": sid, "size": size}
