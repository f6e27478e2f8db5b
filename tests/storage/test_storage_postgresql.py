"""PostgreSQL alone: roles, concurrent migrations, locks and lost connections.

The service's answers while the server is killed, paused or read-only are in `tests/load/faults/postgresql.py`.
"""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import psycopg
import pytest

from chat_bindings.storage.engines import administration, storage
from chat_bindings.storage.interface import (
    Conflict,
    Filters,
    Registration,
    Schema,
    Storage,
    StorageDamaged,
    StorageUnavailable,
)
from chat_bindings.storage.postgresql.connection import Pool, conninfo

from ..support.engines import TYPES, PostgresDatabase, open_storage
from ..support.postgres import Postgres

pytestmark = pytest.mark.anyio

DEVICE = Registration("u", "device-1", "apn", "CR1", ["new_message"])
ROWS = "INSERT INTO accounts VALUES ('AC1', 'x'); INSERT INTO services VALUES ('IS1', 'AC1')"


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    """Start a server that tests may stop."""
    with Postgres() as running:
        yield running


@pytest.fixture
def database(server: Postgres) -> PostgresDatabase:
    made = PostgresDatabase(server)
    with made.administration() as opened:
        opened.migrate()
    made.execute(ROWS)
    return made


async def register(serving: Storage, number: int = 1) -> str:
    """Register a device, and return the SID of its Binding."""
    found = await serving.register("AC1", "IS1", DEVICE._replace(endpoint=f"device-{number}"))
    assert found is not None
    return found[0].sid


def test_of_many_that_migrate_at_once_one_does(postgres):
    """Workers and commands may all start on an empty database at once: each finds the schema in the end."""
    empty = PostgresDatabase(postgres)

    def migrate(_: int) -> int:
        with empty.administration() as opened:
            return opened.migrate()

    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(migrate, range(8)))
    assert numbers == [numbers[0]] * 8
    assert empty.execute("SELECT number FROM chat_bindings_migrations") == [(n + 1,) for n in range(numbers[0])]


async def test_a_role_that_may_not_change_the_schema_can_serve(server, database):
    """A role with no more than the rows' rights finds nothing to migrate, and serves."""
    server.execute(
        "CREATE ROLE serves LOGIN; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO serves",
        database.name,
    )
    address = server.url(database.name, "serves")
    with administration(address) as opened:
        assert opened.migrate() == opened.schema().latest
    async with open_storage(storage(address, TYPES)) as serving:
        assert await serving.delete("AC1", "IS1", await register(serving))
    empty = PostgresDatabase(server)
    with administration(server.url(empty.name, "serves")) as opened:
        assert opened.schema() == Schema(0, opened.schema().latest)
        with pytest.raises(Conflict, match="run `database upgrade` as a role that may"):
            opened.migrate()


def test_a_database_of_another_encoding_is_refused(postgres):
    """Text that is no Unicode is not stored."""
    postgres.execute("CREATE DATABASE latin ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
    with administration(postgres.url("latin")) as opened, pytest.raises(Conflict, match="encoding is LATIN1"):
        opened.migrate()


def test_an_empty_database_is_none_without_accounts(postgres):
    """A command that reads refuses an empty database: it may be the wrong one."""
    with administration(postgres.url()) as opened, pytest.raises(StorageUnavailable, match="holds no data yet"):
        list(opened.accounts())


def test_every_text_that_is_compared_is_compared_by_code_point(database):
    """Every column of a key or an index has the collation "C", whatever the database's is."""
    collations = database.execute(
        "SELECT relname, attname, collname FROM pg_index JOIN pg_class ON pg_class.oid = indrelid "
        "JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY (indkey) "
        "JOIN pg_collation ON pg_collation.oid = attcollation WHERE relnamespace = 'public'::regnamespace"
    )
    assert {name for name, _, _ in collations} == {"accounts", "api_keys", "services", "bindings", "erasures"}
    assert {collation for _, _, collation in collations} == {"C"}


async def test_acknowledged_is_on_disk(database):
    """Writes wait for the disk where the server acknowledges before it has written."""
    assert database.execute("SHOW synchronous_commit") == [("off",)]
    pool = Pool(conninfo(database.locator))
    await pool.open()
    connection = await pool.getconn()
    cursor = await connection.execute("SHOW synchronous_commit")
    assert await cursor.fetchall() == [("on",)]
    await pool.putconn(connection)
    await pool.close()


async def test_a_restarted_server_is_not_noticed(server, serving):
    """Connections that the server has ended are made again: the next read and the next write are answered."""
    await asyncio.gather(*(register(serving, number) for number in range(20)))
    for number in (20, 21):
        await asyncio.to_thread(server.stop)
        await asyncio.to_thread(server.start)
        sid = await register(serving, number)
        assert (await serving.fetch("AC1", "IS1", sid)).sid == sid
    page = await serving.page("AC1", "IS1", Filters(), None, 50)
    assert len(page.bindings) == 22


async def test_an_internal_error_of_the_server_is_an_outage(database, serving):
    """A node that Citus loses within a transaction has the code of an internal error: 503, and not a fault of ours."""
    fail = "BEGIN RAISE 'lost' USING ERRCODE = 'XX000'; END"
    database.execute(f"CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ {fail} $$")
    await register(serving)
    database.execute("CREATE TRIGGER fail BEFORE INSERT ON bindings EXECUTE FUNCTION fail()")
    with pytest.raises(StorageUnavailable, match="lost"):
        await register(serving, 2)


async def test_a_cancelled_read_spoils_no_other(serving):
    """A read that is cancelled is given up, and so is its connection: the next one gets its own answer."""
    sid = await register(serving)
    for _ in range(30):
        waiting = asyncio.create_task(serving.fetch("AC1", "IS1", sid))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    assert await serving.fetch("AC1", "IS1", "BS0") is None
    assert (await serving.fetch("AC1", "IS1", sid)).sid == sid


async def test_a_lock_is_not_waited_for(database, serving):
    """A row that a long transaction has locked makes its write wait for a moment only; reads go on."""
    sid = await register(serving)
    with closing(psycopg.connect(database.locator)) as other:
        other.execute("SELECT 1 FROM bindings FOR UPDATE")
        with pytest.raises(StorageUnavailable, match="lock timeout"):
            await register(serving)
        assert (await serving.fetch("AC1", "IS1", sid)).sid == sid
    assert await register(serving) == sid


async def test_writes_that_were_undone_are_done_again(server, database):
    """Writes that a strict database undoes for others' sake are repeated."""
    server.execute(f"ALTER DATABASE {database.name} SET default_transaction_isolation = 'repeatable read'")
    async with open_storage(database.storage()) as serving:
        sids = await asyncio.gather(*(register(serving) for _ in range(40)))
    assert len(set(sids)) == 1


async def test_a_service_that_is_deleted_meanwhile_takes_no_binding(database, serving):
    """A registration that waits for the deletion of its service finds none, and nothing of it is left."""
    with closing(psycopg.connect(database.locator)) as other:
        other.execute("DELETE FROM services")
        waiting = asyncio.create_task(serving.register("AC1", "IS1", DEVICE))
        await asyncio.sleep(0.3)
        assert not waiting.done()
        other.commit()
        assert await waiting is None
    assert database.execute("SELECT * FROM bindings") == []


async def test_a_schema_that_is_gone_is_damage(database, serving):
    """Tables that are missing are a fault, which no waiting mends."""
    database.execute("DROP TABLE bindings")
    with pytest.raises(StorageDamaged, match="does not exist"):
        await serving.fetch("AC1", "IS1", "BS1")


BREAKS = """
    CREATE SEQUENCE asked;
    CREATE FUNCTION break_off() RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$ BEGIN
        PERFORM nextval('asked'), pg_terminate_backend(pg_backend_pid()), pg_sleep(10);
        RETURN true;
    END $$;
    ALTER TABLE accounts RENAME TO kept;
    CREATE VIEW accounts AS SELECT * FROM kept WHERE break_off()"""


async def test_a_read_that_breaks_connections_is_repeated_once(database, serving):
    """A statement whose connection is lost is sent on another one, and not as often as the time allows."""
    database.execute(BREAKS)
    with pytest.raises(StorageUnavailable):
        await serving.credential("AC1")
    assert database.execute("SELECT last_value, is_called FROM asked") == [(2, True)]
