"""Query plans of SQLite, as EXPLAIN shows them."""

from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from chat_bindings.storage.interface import Filters
from chat_bindings.storage.sqlite import reading
from chat_bindings.storage.sqlite.connection import connect, migrate


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[apsw.Connection]:
    (tmp_path / "plans.db").touch()
    opened = connect(tmp_path / "plans.db")
    migrate(opened)
    yield opened
    opened.close()


def plan(connection: apsw.Connection, statement: str) -> list[str]:
    names = ("account_sid", "service_sid", "sid", "identity", "binding_type", "user_name")
    values = dict.fromkeys(names, "") | {"size": 1}
    return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", values)]


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize(
    ("by_type", "by_identity", "index", "columns"),
    [
        (False, False, "INDEX sqlite_autoindex_bindings_1", "service_sid=? AND sid{}?"),
        (True, False, "INDEX bindings_by_type", "service_sid=? AND binding_type=? AND sid{}?"),
        # read from the index alone: a user's Bindings stand all over the table
        (
            True,
            True,
            "COVERING INDEX bindings_by_identity",
            "service_sid=? AND identity=? AND binding_type=? AND sid{}?",
        ),
    ],
)
def test_a_run_is_one_search_of_its_index(connection, by_type, by_identity, index, columns, descending):
    """A page is read from one index in its order: nothing is scanned and nothing sorted, for any mix of filters."""
    statement = reading.run_statement(by_type=by_type, by_identity=by_identity, descending=descending)
    bound = columns.format("<" if descending else ">")
    assert plan(connection, statement) == [f"SEARCH bindings USING {index} ({bound})"]


def test_lookups_are_searches(connection):
    """A credential, a service and a Binding are each found by a search of an index."""
    for statement, values, searches in (
        (reading.CREDENTIAL, {"user_name": ""}, 3),
        (reading.SERVICE, ("", ""), 1),
        (reading.FETCH, ("", "", ""), 2),
    ):
        steps = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", values)]
        steps = [step for step in steps if step not in {"SCAN CONSTANT ROW", "SCAN (subquery-1)"}]  # a row of no table
        assert sum(step.startswith("SEARCH") for step in steps) == searches, steps
        assert not any(step.startswith(("SCAN", "USE TEMP")) for step in steps), steps


def test_a_merged_page_reads_hardly_more_than_it_gives(connection):
    """Two types of thousands of rows each are merged, not sorted: rows read are a page's and one more of each run."""
    connection.pragma("foreign_keys", "OFF")
    rows = [
        ("IS", f"BS{number:032x}", str(number).encode(), "u", "e", ("apn", "gcm")[number % 2], "CR", "[]", "d", "d")
        for number in range(6000)
    ]
    connection.executemany("INSERT INTO bindings VALUES (?,?,?,?,?,?,?,?,?,?)", rows)
    read = 0

    def counted(cursor: apsw.Cursor, row: tuple) -> tuple:
        nonlocal read
        read += 1
        return row

    connection.row_trace = counted
    filters = Filters(("gcm", "apn"))
    found = reading.Listing(connection, "IS", filters.runs(("apn", "gcm", "fcm"))).rows("after", "", 51)
    assert [row[0] for row in found] == [f"BS{number:032x}" for number in range(51)]
    assert read <= 51 + 2
