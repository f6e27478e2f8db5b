"""Storage on Citus itself: `CHAT_BINDINGS_TEST_CITUS` is the address of an empty database on a cluster.

Without it the tests are deselected. They leave the database as empty of accounts as it was.
"""

import asyncio
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from chat_bindings.storage.interface import Filters, Registration

from ..support.engines import Database, open_storage
from ..support.running import run_cli
from ..support.worlds import account, binding

ADDRESS = os.environ.get("CHAT_BINDINGS_TEST_CITUS", "")
ACCOUNT, SERVICE = f"AC{1:032x}", f"IS{1:032x}"
MANY = 3000
EVERYWHERE = {"accounts", "services", "api_keys", "erasures", "chat_bindings_migrations"}


def write_world(path: Path, *further: dict[str, Any]) -> Path:
    path.write_text(json.dumps({"accounts": [account(1, *map(binding, range(MANY)), *further)]}))
    return path


def execute(statement: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(ADDRESS, autocommit=True) as connection:
        return connection.execute(statement).fetchall()  # type: ignore[call-overload]


@pytest.fixture
def database() -> Iterator[Database]:
    """Open a database on the cluster, up to date."""
    database = Database(ADDRESS)
    database.output("database", "upgrade")
    yield database
    run_cli("account", "delete", ACCOUNT, "--cascade", "--database", ADDRESS)


def test_an_upgrade_distributes_every_table_once(database):
    """Bindings are distributed by hash, all else stands on every node, and a second upgrade changes nothing."""
    database.output("database", "upgrade")
    tables = execute("SELECT logicalrelid::text, partmethod::text FROM pg_dist_partition")
    assert dict(tables) == {"bindings": "h"} | dict.fromkeys(EVERYWHERE, "n")


def test_every_kind_of_statement_that_serves_is_taken(database, tmp_path):
    """Credentials, registrations, pages by every filter, fetches and deletes work on a distributed table."""
    database.output("import", write_world(tmp_path / "world.json"))

    async def serve() -> None:
        async with open_storage(database.storage()) as storage:
            assert await storage.credential(ACCOUNT)
            registration = Registration("TestUser", "new", "apn", "CR", ["new_message"])
            for is_new in (True, False):
                assert (await storage.register(ACCOUNT, SERVICE, registration))[1] is is_new
            for filters in (Filters((), ()), Filters(("apn", "gcm"), ()), Filters(("apn",), ("TestUser", "other"))):
                assert len((await storage.page(ACCOUNT, SERVICE, filters, None, 50)).bindings) == 50
            assert await storage.fetch(ACCOUNT, SERVICE, binding(7)["sid"])
            assert await storage.delete(ACCOUNT, SERVICE, binding(7)["sid"])
            assert not await storage.delete(ACCOUNT, SERVICE, binding(7)["sid"])
            assert await storage.erased_at()

    asyncio.run(serve())


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"sid": binding(5)["sid"]}, "is there already"),
        ({"endpoint": "endpoint 1"}, "the same identity, endpoint and binding_type already"),
    ],
    ids=["sid", "key"],
)
def test_a_row_that_cannot_be_imported_is_named(database, tmp_path, changes, rule):
    """A conflict is reported with its JSON pointer and rule, though the error of a distributed COPY names neither."""
    error = database.error("import", write_world(tmp_path / "world.json", binding(MANY, **changes)))
    assert f"/accounts/0/services/0/bindings/{MANY}: " in error
    assert rule in error


def test_an_erasure_works_on_every_node(database):
    """Each node has `wal_recycle` off: `database erase` has nothing to object to."""
    done = run_cli("database", "erase", "--database", database.locator)
    nodes = dict(execute("SELECT nodeid, result FROM run_command_on_all_nodes('SHOW wal_recycle')"))
    assert (done.returncode == 0) == (set(nodes.values()) == {"off"}), done.stderr
    assert done.stderr.count("set wal_recycle to off") == sum(value == "on" for value in nodes.values())
