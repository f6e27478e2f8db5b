"""Query plans of PostgreSQL, as it reports them for the service's statements."""

import asyncio
from typing import NamedTuple

import pytest

from chat_bindings.storage.interface import AccountRow, Filters, Position, Registration, ServiceRow, Storage

from ..support.engines import TYPES, PostgresDatabase
from ..support.statements import Statement, record, recorded

ACCOUNT, SERVICE = f"AC{1:032x}", f"IS{1:032x}"
SIZE = 50
MANY = 20_000

# A user of thousands of devices, users of two, and a type that one of a hundred has: a plan could go wrong on each.
POPULATION = f"""
    INSERT INTO bindings
    SELECT '{SERVICE}', 'BS' || lpad(to_hex(n), 32, '0'), sha256(n::text::bytea),
           CASE WHEN n % 4 = 0 THEN 'hot' ELSE 'user-' || n % {MANY // 2} END, 'endpoint-' || n,
           CASE WHEN n % 100 = 0 THEN 'fcm' WHEN n % 3 = 0 THEN 'gcm' ELSE 'apn' END, 'CR1', '[]', 'd', 'd'
    FROM generate_series(1, {MANY}) AS n"""

TYPES_ASKED = [(), ("apn",), ("fcm",), ("apn", "fcm"), TYPES]
IDENTITIES = [(), ("hot",), ("user-7",), ("hot", "user-7"), tuple(f"user-{number}" for number in range(1, 100))]
POSITIONS = [
    None,
    *(Position(side, f"BS{place:032x}") for side in ("after", "before") for place in (1, MANY // 2, MANY)),
]
"""Positions, some of them such that most of a page is on the other side."""


class Asked(NamedTuple):
    """A list: its filters and its position, and the statements that it took."""

    filters: Filters
    position: Position | None
    statements: list[Statement]

    @property
    def runs(self) -> int:
        """The number of its runs of an index: the choices of an identity and a type."""
        types = [] if set(self.filters.binding_types) == set(TYPES) else self.filters.binding_types
        types = types or (TYPES if self.filters.identities else [""])
        return max(len(self.filters.identities), 1) * len(types)


async def _ask(storage: Storage, database: PostgresDatabase) -> list[Asked]:
    lists = [
        Asked(Filters(types, identities), position, [])
        for types in TYPES_ASKED
        for identities in IDENTITIES
        for position in POSITIONS
    ]
    await storage.open()
    for one in lists:
        with recorded(database) as statements:
            assert await storage.page(ACCOUNT, SERVICE, one.filters, one.position, SIZE)
        one.statements.extend(statement for statement in statements if statement.on("services"))
    await storage.close()
    return lists


@pytest.fixture(scope="module", params=["analysed", "stale"])
def database(request: pytest.FixtureRequest, postgres, migrated) -> PostgresDatabase:
    """Open a database of many Bindings that records statements; with statistics, and with false ones."""
    made = PostgresDatabase(postgres, migrated)
    with made.administration() as administration:
        administration.add(AccountRow(ACCOUNT, "0" * 64))
        administration.add(ServiceRow(SERVICE, ACCOUNT))
    made.execute("ALTER TABLE bindings SET (autovacuum_enabled = off)")
    if request.param == "stale":  # from when there was one user, with one type
        postgres.execute(POPULATION.replace(f"(1, {MANY})", "(-400, -1)").replace("n % 4 = 0", "true"), made.name)
        made.execute("UPDATE bindings SET binding_type = 'apn'")
        made.execute("VACUUM ANALYZE bindings")
        made.execute("DELETE FROM bindings")
    postgres.execute(POPULATION, made.name)
    if request.param == "analysed":
        made.execute("ANALYZE")
    record(made)
    return made


@pytest.fixture(scope="module")
def lists(database: PostgresDatabase) -> list[Asked]:
    """List each mix of filters, at each position."""
    return asyncio.run(_ask(database.storage(), database))


def test_a_page_is_read_from_indexes_in_their_order(lists):
    """No filter, position or statistics lead to a scan of a table, or to a row that is read to be left out."""
    for asked in lists:
        assert 1 <= sum(bool(statement.on("bindings")) for statement in asked.statements) <= 2
        for statement in asked.statements:
            for node in statement.nodes:
                assert node["Node Type"] not in ("Seq Scan", "Bitmap Heap Scan", "Incremental Sort"), asked
            for node in statement.on("bindings"):
                assert node["Node Type"] in ("Index Scan", "Index Only Scan")
                assert not node.get("Rows Removed by Filter"), (asked, node)
                assert not node.get("Rows Removed by Index Recheck"), (asked, node)


def rows(node: dict) -> float:
    return node["Actual Rows"] * node["Actual Loops"]


def test_a_page_costs_what_it_shows(lists):
    """From each run of an index at most a page and one more row is read, and only that much is ever sorted."""
    for asked in lists:
        most = asked.runs * (SIZE + 1)
        for statement in asked.statements:
            read = sum(map(rows, statement.on("bindings")))
            assert read <= most + asked.runs + SIZE, (asked.filters, asked.position, read)
            for node in statement.nodes:
                if node["Node Type"] == "Sort":
                    assert sum(rows(child) for child in node["Plans"]) <= most


def test_each_mix_of_filters_has_its_index(lists):
    """A list without filters is read by the primary key, one by type by that index, one by identity by that."""
    for asked in lists:
        types = () if set(asked.filters.binding_types) == set(TYPES) else asked.filters.binding_types
        index = "bindings_by_identity" if asked.filters.identities else "bindings_by_type" if types else "bindings_pkey"
        used = {node.get("Index Name") for statement in asked.statements for node in statement.on("bindings")}
        assert used == {index}, asked


async def _look_up(storage: Storage) -> None:
    await storage.open()
    await storage.credential(ACCOUNT)
    await storage.fetch(ACCOUNT, SERVICE, f"BS{7:032x}")
    registration = Registration("user-7", "endpoint-7", "apn", "CR2", ["new_message"])
    assert await storage.register(ACCOUNT, SERVICE, registration)
    assert await storage.delete(ACCOUNT, SERVICE, f"BS{7:032x}")
    await storage.close()


def test_lookups_read_a_row_of_an_index(database):
    """A credential, a fetch, a registration and a delete each find what they want in an index, in a row or two."""
    with recorded(database) as statements:
        asyncio.run(_look_up(database.storage()))
    assert len(statements) >= 4
    for statement in statements:
        for node in statement.nodes:
            assert node["Node Type"] != "Seq Scan", statement.text
            if "Index Name" in node:
                assert rows(node) <= 1, (statement.text, node)
                assert not node.get("Rows Removed by Filter"), (statement.text, node)
