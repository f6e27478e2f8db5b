"""Traces of a deleted Binding in PostgreSQL's files, and their erasure."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from chat_bindings.storage.interface import AccountRow, Registration, ServiceRow

from ..support.engines import PostgresDatabase, open_storage
from ..support.postgres import Postgres
from ..support.running import run_cli

MARK = "doomed"
MANY = 400
ACCOUNT, SERVICE = f"AC{'a' * 32}", f"IS{'a' * 32}"


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with Postgres(settings={"wal_recycle": "off", "autovacuum": "off"}) as running:
        yield running


@pytest.fixture
def database(server: Postgres) -> Iterator[PostgresDatabase]:
    made = PostgresDatabase(server)
    with made.administration() as administration:
        administration.migrate()
        administration.add(AccountRow(ACCOUNT, "0" * 64))
        administration.add(ServiceRow(SERVICE, ACCOUNT))
    yield made
    server.execute(f"DROP DATABASE {made.name}")  # its files are looked through by the tests to come


def register_and_delete(database: PostgresDatabase) -> None:
    """Register Bindings, and delete the half whose users leave, by the service's own storage."""

    async def work() -> None:
        async with open_storage(database.storage()) as storage:
            sids = []
            for number in range(MANY):
                name = MARK if number % 2 else "kept"
                device = Registration(f"{name}-{number}", f"{name}:{number}:{'x' * 90}", "apn", "CR1", ["new_message"])
                (binding, _) = await storage.register(ACCOUNT, SERVICE, device)
                sids.append(binding.sid)
            for sid in sids[1::2]:
                assert await storage.delete(ACCOUNT, SERVICE, sid)

    asyncio.run(work())


def left(folder: Path) -> Counter[str]:
    """Count the mark of the users who left in each kind of file."""
    found: Counter[str] = Counter()
    for file in filter(Path.is_file, folder.rglob("*")):
        found[file.relative_to(folder).parts[0]] += file.read_bytes().count(MARK.encode())
    return +found


def erase(address: str) -> tuple[int, str, list[str]]:
    done = run_cli("database", "erase", "--database", address)
    return done.returncode, done.stdout, done.stderr.splitlines()


def test_what_is_deleted_stays_until_it_is_erased(server, database):
    """After a DELETE and a VACUUM the identity is in the table and a base backup; once erased, in no file at all."""
    register_and_delete(database)
    database.execute("VACUUM ANALYZE bindings")
    database.execute("CHECKPOINT")
    assert left(server.data)["base"] > MANY // 2
    backup = server.folder / "backup"
    server.run("pg_basebackup", "-D", backup, "-d", server.url(), "-c", "fast", "-N")
    assert left(backup)["base"] > MANY // 2
    assert MARK not in server.run("pg_dump", server.url(database.name))

    assert erase(database.locator) == (0, "Erased: no deleted data is left in the database's files.\n", [])
    assert left(server.data) == {}
    assert MARK not in server.log
    assert database.execute("SELECT count(*) FROM bindings") == [(MANY // 2,)]


def test_no_statistics_are_kept_of_personal_data(server, database):
    """PostgreSQL's statistics hold no values of identities and endpoints, or of anything made of them."""
    register_and_delete(database)
    database.execute("ANALYZE bindings")
    kept = database.execute("SELECT attname FROM pg_stats WHERE tablename = 'bindings' ORDER BY attname")
    assert {name for (name,) in kept} == {
        *("binding_type", "credential_sid", "date_created", "date_updated", "message_types", "service_sid", "sid"),
    }


def test_a_transaction_that_still_sees_deleted_rows_is_named(server, database):
    """Rows that an older transaction can see are kept for it and reported; the next erasure erases them."""
    with database.server.connect(database.name) as other:
        other.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        other.execute("SELECT 1")
        register_and_delete(database)
        code, output, errors = erase(database.locator)
        assert (code, output) == (1, "")
        number = MANY // 2
        rule = f"{number} deleted rows can still be seen by an older transaction: try again when it has ended"
        assert errors == [f"Not all is erased: {rule}."]
        assert left(server.data)["base"] >= number
    assert erase(database.locator)[0] == 0
    assert left(server.data) == {}


def refused(errors: Sequence[str], *parts: str) -> None:
    assert len(errors) == len(parts), errors
    for line, part in zip(errors, parts, strict=True):
        assert line.startswith("Not all is erased: ")
        assert part in line


def test_the_rights_that_a_role_lacks_are_named(server, database):
    """A role that does not own the table, or may not end a segment of the log, gets an error with the missing right."""
    database.execute("CREATE ROLE visitor LOGIN")
    database.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO visitor")
    code, _, errors = erase(server.url(database.name, "visitor"))
    assert code == 1
    refused(
        errors, "the table was not written anew: permission denied", "grant this role pg_checkpoint, and EXECUTE on"
    )

    database.execute("GRANT MAINTAIN ON bindings TO visitor")
    database.execute("GRANT UPDATE ON erasures TO visitor")
    database.execute("GRANT pg_checkpoint TO visitor")
    database.execute("GRANT EXECUTE ON FUNCTION pg_switch_wal() TO visitor")
    assert erase(server.url(database.name, "visitor"))[0] == 0


def test_settings_that_keep_the_log_are_named(postgres, migrated):
    """On a server as it comes, used-up segments of the log are kept, and by a replication slot too."""
    database = PostgresDatabase(postgres, migrated)
    database.execute("SELECT pg_create_physical_replication_slot('standby')")
    try:
        code, _, errors = erase(database.locator)
    finally:
        database.execute("SELECT pg_drop_replication_slot('standby')")
    assert code == 1
    refused(errors, "set wal_recycle to off", "a replication slot may keep segments")
