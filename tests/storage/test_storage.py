"""The storage engines by themselves. What clients see of them is tested over HTTP, in tests/server."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from chat_bindings.storage.interface import Conflict, Filters, Position, Registration, Schema, Storage
from chat_bindings.storage.rows import unique_key

from ..support.engines import TYPES, Database


@pytest.fixture
def database(database: Database) -> Database:
    database.execute("INSERT INTO accounts VALUES ('AC1', 'x'), ('AC2', 'y')")
    database.execute("INSERT INTO services VALUES ('IS1', 'AC1'), ('IS2', 'AC2')")
    return database


def run(database: Database, use: Callable[[Storage], Awaitable[None]]) -> None:
    async def main() -> None:
        storage = database.storage()
        await storage.open()
        try:
            await use(storage)
        finally:
            await storage.close()

    asyncio.run(main())


def device(number: int, binding_type: str = "apn", identity: str = "u") -> Registration:
    return Registration(identity, f"device-{number}", binding_type, "CR1", ["new_message"])


def test_a_short_previous_page_is_the_first_page(database):
    """Only the last page of a list is not full: going back where too little is left gives the first page."""

    async def use(storage: Storage) -> None:
        sids = [(await storage.register("AC1", "IS1", device(n)))[0].sid for n in range(10)]
        found = await storage.page("AC1", "IS1", Filters(), Position("before", sids[2]), 4)
        assert [binding.sid for binding in found.bindings] == sids[:4]
        assert (found.has_previous, found.has_next) == (False, True)

    run(database, use)


def test_nothing_left_after_a_position_is_an_empty_page(database):
    """An empty page, with nothing on either side, comes where nothing is left after the position."""

    async def use(storage: Storage) -> None:
        (binding, _) = await storage.register("AC1", "IS1", device(1))
        found = await storage.page("AC1", "IS1", Filters(), Position("after", binding.sid), 4)
        assert found == ([], False, False)

    run(database, use)


def test_all_types_filter_nothing(database):
    """A filter that names every type gives the list as it is."""

    async def use(storage: Storage) -> None:
        sids = [(await storage.register("AC1", "IS1", device(n, TYPES[n % 3])))[0].sid for n in range(9)]
        found = await storage.page("AC1", "IS1", Filters(TYPES), None, 50)
        assert [binding.sid for binding in found.bindings] == sids

    run(database, use)


def test_another_accounts_service_is_not_there(database):
    """A service of another account, and one that does not exist, are the same: nothing is read, made or deleted."""

    async def use(storage: Storage) -> None:
        (binding, _) = await storage.register("AC2", "IS2", device(1))
        for service in ("IS2", "IS3"):
            assert await storage.page("AC1", service, Filters(), None, 1) is None
            assert await storage.fetch("AC1", service, binding.sid) is None
            assert await storage.register("AC1", service, device(2)) is None
            assert not await storage.delete("AC1", service, binding.sid)
        assert (await storage.fetch("AC2", "IS2", binding.sid)) == binding

    run(database, use)


def test_the_time_of_an_update_never_moves_back(database):
    """When the clock was set back, an update leaves `date_updated` where it was."""

    async def use(storage: Storage) -> None:
        (first, _) = await storage.register("AC1", "IS1", device(1))
        database.execute("UPDATE bindings SET date_updated = '2999-01-01T00:00:00Z'")
        (again, is_new) = await storage.register("AC1", "IS1", device(1))
        assert not is_new
        assert (again.sid, again.date_created) == (first.sid, first.date_created)
        assert again.date_updated == "2999-01-01T00:00:00Z"

    run(database, use)


def test_one_failing_write_is_not_the_others(database):
    """Writes that share a commit do not share a failure: the faulty one raises, the others are done."""

    async def use(storage: Storage) -> None:
        faulty = storage.register("AC1", "IS1", Registration("lone \ud800", "e", "apn", "CR1", []))
        results = await asyncio.gather(
            *(storage.register("AC1", "IS1", device(n)) for n in range(20)), faulty, return_exceptions=True
        )
        assert isinstance(results[-1], UnicodeEncodeError)
        assert all(is_new for _, is_new in results[:-1])
        found = await storage.page("AC1", "IS1", Filters(), None, 50)
        assert len(found.bindings) == 20

    run(database, use)


def test_a_unique_key_is_also_compared_by_its_values(database):
    """Should two devices ever share a SHA-256, neither is taken for the other."""
    values = ("IS1", "BS1", unique_key("u", "device-1", "apn"), "somebody", "else", "apn", "CR1", "[]", "d", "d")
    database.execute("INSERT INTO bindings VALUES (?,?,?,?,?,?,?,?,?,?)", values)

    async def use(storage: Storage) -> None:
        with pytest.raises(ValueError, match="unpack"):
            await storage.register("AC1", "IS1", device(1))
        assert (await storage.fetch("AC1", "IS1", "BS1")).identity == "somebody"

    run(database, use)


def test_a_newer_database_is_refused(database):
    """A database that a newer version migrated is not touched, and the message says so."""
    statements = {
        "sqlite": "PRAGMA user_version = 9999",
        "postgresql": "INSERT INTO chat_bindings_migrations VALUES (9999, now())",
    }
    database.execute(statements[database.locator.partition(":")[0]])
    with database.administration() as administration:
        assert administration.schema().newer
        with pytest.raises(Conflict, match="newer version"):
            administration.migrate()


def test_migrating_twice_changes_nothing(database):
    """Migrations that were applied are not applied again, and the schema says how far it is."""
    with database.administration() as administration:
        last = administration.migrate()
        assert administration.migrate() == last
        assert administration.schema() == Schema(last, last)
        assert administration.schema().current


def test_what_no_engine_can_hold_matches_nothing(database):
    """A NUL in a SID, a user name or an identity is asked for in vain: nothing breaks."""

    async def use(storage: Storage) -> None:
        (binding, _) = await storage.register("AC1", "IS1", device(1))
        for identities, found in (["a\0"], []), (["a\0", "u", "\0"], [binding]), (["u\0"], []):
            page = await storage.page("AC1", "IS1", Filters((), identities), None, 5)
            assert page.bindings == found
        assert await storage.credential("AC\0") is None
        assert await storage.fetch("AC1", "IS1", "BS\0") is None
        assert await storage.fetch("AC1", "IS\0", binding.sid) is None
        assert await storage.page("AC1", "IS\0", Filters(), None, 5) is None
        assert not await storage.delete("AC1", "IS1", "BS\0")

    run(database, use)


def test_identities_match_code_point_by_code_point(database):
    """No case is folded, nothing trimmed or normalised, and lists are in the order of the SIDs' bytes."""
    alike = [
        "Zoe\u0308",
        "Zo\u00eb",
        "zo\u00eb",
        "Zo\u00eb ",
        "\U0001f600",
        "\uff5e",
        "stra\u00dfe",
        "strasse",
        "%",
        "_",
    ]

    async def use(storage: Storage) -> None:
        made = [(await storage.register("AC1", "IS1", device(1, identity=identity)))[0] for identity in alike]
        assert len({binding.sid for binding in made}) == len(alike)
        for binding in made:
            page = await storage.page("AC1", "IS1", Filters((), [binding.identity]), None, 50)
            assert page.bindings == [binding]
        assert (await storage.page("AC1", "IS1", Filters(), None, 50)).bindings == made

    run(database, use)


@pytest.mark.parametrize(
    "filters",
    [Filters(), Filters(["gcm"]), Filters(["fcm", "apn"]), Filters([], ["u1"]), Filters([], ["u2", "u0", "u2"]),
     Filters(["gcm"], ["u1"]), Filters(["gcm", "apn"], ["u1", "u0", "nobody"]), Filters([], ["nobody"]),
     Filters(["fcm"], ["nobody"])],
    ids=str,
)  # fmt: skip
def test_pages_are_the_list_in_pieces(database, filters):
    """Forwards and backwards, by pages of any size, the pages of a list are what the filters leave of it, in order."""

    async def use(storage: Storage) -> None:
        made = [(await storage.register("AC1", "IS1", device(n, TYPES[n % 3], f"u{n % 5}")))[0] for n in range(25)]
        await storage.register("AC2", "IS2", device(1))
        kept = [
            binding
            for binding in made
            if (not filters.binding_types or binding.binding_type in filters.binding_types)
            and (not filters.identities or binding.identity in filters.identities)
        ]
        for size in (1, 3, 25, 26):
            pieces = [kept[start : start + size] for start in range(0, len(kept), size)] or [[]]
            position = None
            for number, piece in enumerate(pieces):
                page = await storage.page("AC1", "IS1", filters, position, size)
                assert page == (piece, number > 0, number < len(pieces) - 1)
                position = Position("after", piece[-1].sid) if piece else None
            for number in range(len(pieces) - 1, 0, -1):
                before = Position("before", pieces[number][0].sid)
                page = await storage.page("AC1", "IS1", filters, before, size)
                assert page == (pieces[number - 1], number > 1, True)

    run(database, use)
