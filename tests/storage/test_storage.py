"""The storage engines where no client can reach them. `verify` proves the behaviour of both that clients see."""

import asyncio

import pytest

from chat_bindings.storage.interface import Filters, Registration
from chat_bindings.storage.rows import unique_key

from ..support.engines import Database

pytestmark = pytest.mark.anyio


@pytest.fixture
def database(database: Database) -> Database:
    database.execute("INSERT INTO accounts VALUES ('AC1', 'x')")
    database.execute("INSERT INTO services VALUES ('IS1', 'AC1')")
    return database


def device(number: int) -> Registration:
    return Registration("u", f"device-{number}", "apn", "CR1", ["new_message"])


async def test_the_time_of_an_update_never_moves_back(database, serving):
    """An update leaves `date_updated` where it was when the clock was set back."""
    (first, _) = await serving.register("AC1", "IS1", device(1))
    database.execute("UPDATE bindings SET date_updated = '2999-01-01T00:00:00Z'")
    (again, is_new) = await serving.register("AC1", "IS1", device(1))
    assert not is_new
    assert (again.sid, again.date_created) == (first.sid, first.date_created)
    assert again.date_updated == "2999-01-01T00:00:00Z"


async def test_one_failing_write_is_not_the_others(serving):
    """Writes that share a commit do not share a failure: the faulty one raises, the others are done."""
    faulty = serving.register("AC1", "IS1", Registration("lone \ud800", "e", "apn", "CR1", []))
    results = await asyncio.gather(
        *(serving.register("AC1", "IS1", device(n)) for n in range(20)), faulty, return_exceptions=True
    )
    assert isinstance(results[-1], UnicodeEncodeError)
    assert all(is_new for _, is_new in results[:-1])
    found = await serving.page("AC1", "IS1", Filters(), None, 50)
    assert len(found.bindings) == 20


async def test_a_unique_key_is_also_compared_by_its_values(database, serving):
    """Should two devices ever share a SHA-256, neither is taken for the other."""
    values = ("IS1", "BS1", unique_key("u", "device-1", "apn"), "somebody", "else", "apn", "CR1", "[]", "d", "d")
    database.execute("INSERT INTO bindings VALUES (?,?,?,?,?,?,?,?,?,?)", values)
    with pytest.raises(ValueError, match="unpack"):
        await serving.register("AC1", "IS1", device(1))
    assert (await serving.fetch("AC1", "IS1", "BS1")).identity == "somebody"


async def test_what_no_engine_can_hold_matches_nothing(serving):
    """A NUL in a SID, a user name or an identity finds nothing and breaks nothing."""
    assert await serving.credential("AC\0") is None
    assert await serving.fetch("AC1", "IS\0", "BS\0") is None
    assert not await serving.delete("AC1", "IS1", "BS\0")
    (binding, _) = await serving.register("AC1", "IS1", device(1))
    page = await serving.page("AC1", "IS1", Filters((), ["a\0", "u", "\0"]), None, 5)
    assert page.bindings == [binding]
