"""The storage engine by itself. What clients see of it is tested over HTTP, in tests/service."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from chat_bindings.storage.interface import (
    Conflict,
    Filters,
    Position,
    Registration,
    StorageDamaged,
    StorageUnavailable,
)
from chat_bindings.storage.locator import BadLocator, check
from chat_bindings.storage.sqlite.connection import away, connect, migrate, unique_key
from chat_bindings.storage.sqlite.engine import SqliteStorage

TYPES = ("apn", "gcm", "fcm")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "storage.db"
    opened = connect(path, create=True)
    migrate(opened)
    opened.execute("INSERT INTO accounts VALUES ('AC1', 'x'), ('AC2', 'y')")
    opened.execute("INSERT INTO services VALUES ('IS1', 'AC1'), ('IS2', 'AC2')")
    opened.close()
    return path


@asynccontextmanager
async def opened(path: Path) -> AsyncIterator[SqliteStorage]:
    storage = SqliteStorage(path, TYPES)
    await storage.open()
    try:
        yield storage
    finally:
        await storage.close()


def run(path: Path, use: Callable[[SqliteStorage], Awaitable[None]]) -> None:
    async def main() -> None:
        async with opened(path) as storage:
            await use(storage)

    asyncio.run(main())


def device(number: int, binding_type: str = "apn", identity: str = "u") -> Registration:
    return Registration(identity, f"device-{number}", binding_type, "CR1", ["new_message"])


def test_a_short_previous_page_is_the_first_page(path):
    """Only the last page of a list is not full: going back where too little is left gives the first page."""

    async def use(storage: SqliteStorage) -> None:
        sids = [(await storage.register("AC1", "IS1", device(n)))[0].sid for n in range(10)]
        found = await storage.page("AC1", "IS1", Filters(), Position("before", sids[2]), 4)
        assert [binding.sid for binding in found.bindings] == sids[:4]
        assert (found.has_previous, found.has_next) == (False, True)

    run(path, use)


def test_nothing_left_after_a_position_is_an_empty_page(path):
    """An empty page, with nothing on either side, comes where nothing is left after the position."""

    async def use(storage: SqliteStorage) -> None:
        (binding, _) = await storage.register("AC1", "IS1", device(1))
        found = await storage.page("AC1", "IS1", Filters(), Position("after", binding.sid), 4)
        assert found == ([], False, False)

    run(path, use)


def test_all_types_filter_nothing(path):
    """A filter that names every type gives the list as it is."""

    async def use(storage: SqliteStorage) -> None:
        sids = [(await storage.register("AC1", "IS1", device(n, TYPES[n % 3])))[0].sid for n in range(9)]
        found = await storage.page("AC1", "IS1", Filters(TYPES), None, 50)
        assert [binding.sid for binding in found.bindings] == sids

    run(path, use)


def test_another_accounts_service_is_not_there(path):
    """A service of another account, and one that does not exist, are the same: nothing is read, made or deleted."""

    async def use(storage: SqliteStorage) -> None:
        (binding, _) = await storage.register("AC2", "IS2", device(1))
        for service in ("IS2", "IS3"):
            assert await storage.page("AC1", service, Filters(), None, 1) is None
            assert await storage.fetch("AC1", service, binding.sid) is None
            assert await storage.register("AC1", service, device(2)) is None
            assert not await storage.delete("AC1", service, binding.sid)
        assert (await storage.fetch("AC2", "IS2", binding.sid)) == binding

    run(path, use)


def test_the_time_of_an_update_never_moves_back(path):
    """When the clock was set back, an update leaves `date_updated` where it was."""

    async def use(storage: SqliteStorage) -> None:
        (first, _) = await storage.register("AC1", "IS1", device(1))
        other = connect(path)
        other.execute("UPDATE bindings SET date_updated = '2999-01-01T00:00:00Z'")
        other.close()
        (again, is_new) = await storage.register("AC1", "IS1", device(1))
        assert not is_new
        assert (again.sid, again.date_created) == (first.sid, first.date_created)
        assert again.date_updated == "2999-01-01T00:00:00Z"

    run(path, use)


def test_one_failing_write_is_not_the_others(path):
    """Writes that share a commit do not share a failure: the faulty one raises, the others are done."""

    async def use(storage: SqliteStorage) -> None:
        faulty = storage.register("AC1", "IS1", Registration("lone \ud800", "e", "apn", "CR1", []))
        results = await asyncio.gather(
            *(storage.register("AC1", "IS1", device(n)) for n in range(20)), faulty, return_exceptions=True
        )
        assert isinstance(results[-1], UnicodeEncodeError)
        assert all(is_new for _, is_new in results[:-1])
        found = await storage.page("AC1", "IS1", Filters(), None, 50)
        assert len(found.bindings) == 20

    run(path, use)


def test_a_unique_key_is_also_compared_by_its_values(path):
    """Should two devices ever share a SHA-256, neither is taken for the other."""
    other = connect(path)
    values = ("IS1", "BS1", unique_key("u", "device-1", "apn"), "somebody", "else", "apn", "CR1", "[]", "d", "d")
    other.execute("INSERT INTO bindings VALUES (?,?,?,?,?,?,?,?,?,?)", values)
    other.close()

    async def use(storage: SqliteStorage) -> None:
        with pytest.raises(ValueError, match="unpack"):
            await storage.register("AC1", "IS1", device(1))
        assert (await storage.fetch("AC1", "IS1", "BS1")).identity == "somebody"

    run(path, use)


def test_a_locked_database_is_away_for_writes_alone(path):
    """While another process writes for longer than our patience, writes are refused and reads go on."""

    async def use(storage: SqliteStorage) -> None:
        other = connect(path)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageUnavailable):
            await storage.register("AC1", "IS1", device(1))
        assert (await storage.page("AC1", "IS1", Filters(), None, 5)).bindings == []
        other.execute("ROLLBACK")
        assert (await storage.register("AC1", "IS1", device(1)))[1]
        other.close()

    run(path, use)


def test_a_newer_database_is_refused(path):
    """A file that a newer version migrated is not touched, and the message says so."""
    opened_file = connect(path)
    opened_file.pragma("user_version", 9999)
    with pytest.raises(Conflict, match="newer version"):
        migrate(opened_file)
    opened_file.close()


def test_migrating_twice_changes_nothing(path):
    """Migrations that were applied are not applied again."""
    opened_file = connect(path)
    before = opened_file.execute("SELECT sql FROM sqlite_schema").fetchall()
    assert migrate(opened_file) == migrate(opened_file)
    assert opened_file.execute("SELECT sql FROM sqlite_schema").fetchall() == before
    opened_file.close()


def test_a_file_that_is_missing_is_away(tmp_path):
    """A database that is not there is away, not empty: nothing is created in passing."""

    async def use() -> None:
        with pytest.raises(StorageUnavailable):
            await SqliteStorage(tmp_path / "missing.db", TYPES).open()

    asyncio.run(use())
    assert not (tmp_path / "missing.db").exists()


def test_a_file_that_is_no_database_is_broken(tmp_path):
    """A file of another kind is a fault, which no waiting mends."""
    path = tmp_path / "text.db"
    path.write_text("no database " * 100)
    with pytest.raises(StorageDamaged, match="not a database"), away():
        migrate(connect(path))


@pytest.mark.parametrize(
    ("locator", "said"),
    [
        ("postgresql://user:secret@host/db", "password"),
        ("postgresql://host/db", "sqlite:///path"),
        ("mysql://host/db", "mysql"),
        ("bindings.db", "sqlite:///path"),
        ("sqlite://host/path", "sqlite:////absolute.db"),
        ("sqlite:///", "sqlite:///relative.db"),
        ("sqlite:///a.db?mode=ro", "sqlite:///relative.db"),
    ],
)
def test_bad_addresses_say_what_to_write(locator, said):
    """An address that cannot be used is refused with the mend, and a password is never repeated."""
    with pytest.raises(BadLocator, match=said.replace("/", "/")) as caught:
        check(locator)
    assert "secret" not in str(caught.value)
