"""Administration of a database, on both engines."""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from chat_bindings.storage.administration import Administration
from chat_bindings.storage.interface import (
    AccountRow,
    Binding,
    BindingConflict,
    Conflict,
    KeyRow,
    ServiceRow,
    TwinConflict,
)
from chat_bindings.storage.loader import Loader

from ..support.engines import Database
from ..support.worlds import row, sid

ACCOUNT = AccountRow("AC1", "a" * 64)
OTHER = AccountRow("AC2", "b" * 64)
SERVICE = ServiceRow("IS1", "AC1")


@pytest.fixture
def storage(database: Database) -> Iterator[Administration]:
    with database.administration() as opened:
        opened.add(ACCOUNT)
        opened.add(SERVICE)
        yield opened


def rows(*numbers: int) -> list[Binding]:
    return [row(number) for number in numbers]


def sids(found: Iterable[AccountRow | KeyRow | ServiceRow | Binding]) -> list[str]:
    return [each.sid for each in found]


def test_rows_come_in_the_order_of_their_sids(storage):
    """Accounts, keys, services and Bindings are listed by SID, of one account too."""
    storage.add(AccountRow("AC0", "c" * 64))
    storage.add(ServiceRow("IS0", "AC0"))
    for key, account in (("SK2", "AC0"), ("SK1", "AC1"), ("SK0", "AC1")):
        storage.add(KeyRow(key, account, "d" * 64))
    with storage.load() as loader:
        loader.add_bindings("IS1", rows(2, 1, 3))
    assert sids(storage.accounts()) == ["AC0", "AC1"]
    assert list(storage.services()) == [ServiceRow("IS0", "AC0"), SERVICE]
    assert list(storage.services("AC0")) == [ServiceRow("IS0", "AC0")]
    assert sids(storage.keys()) == ["SK0", "SK1", "SK2"]
    assert sids(storage.keys("AC1")) == ["SK0", "SK1"]
    assert list(storage.bindings("IS1")) == rows(1, 2, 3)
    assert list(storage.bindings("IS9")) == []
    assert (storage.count_bindings(), storage.count_bindings("IS1"), storage.count_bindings("IS0")) == (3, 3, 0)


def test_what_is_there_or_missing_is_named(storage):
    """A change that cannot be made names the SID that is there already, or missing."""
    storage.add(KeyRow("SK1", "AC1", "d" * 64))
    changes = {
        "account AC1 is there already": lambda: storage.add(ACCOUNT),
        "service IS1 is there already": lambda: storage.add(SERVICE),
        "API key SK1 is there already": lambda: storage.add(KeyRow("SK1", "AC1", "d" * 64)),
        "there is no account AC9": lambda: storage.add(ServiceRow("IS9", "AC9")),
        "there is no account AC8": lambda: storage.rotate_token("AC8", "e" * 64),
        "there is no account AC7": lambda: storage.delete_account("AC7", cascade=True),
        "there is no account AC6": lambda: storage.services("AC6"),
        "there is no service IS9": lambda: storage.delete_service("IS9", cascade=False),
        "there is no API key SK9": lambda: storage.delete_key("SK9"),
        "account AC1 still has 1 service and 1 API key: delete them first, or use --cascade": lambda: (
            storage.delete_account("AC1", cascade=False)
        ),
    }
    for message, change in changes.items():
        with pytest.raises(Conflict, match=message):
            change()
    assert list(storage.accounts()) == [ACCOUNT]


def test_a_service_with_bindings_is_not_deleted(storage):
    """Without `cascade` a service is deleted only when it is empty."""
    with storage.load() as loader:
        loader.add_bindings("IS1", rows(1, 2))
    with pytest.raises(Conflict, match="service IS1 still has 2 Bindings"):
        storage.delete_service("IS1", cascade=False)
    storage.delete_service("IS1", cascade=True)
    assert (list(storage.services()), storage.count_bindings()) == ([], 0)
    storage.add(SERVICE)
    storage.delete_service("IS1", cascade=False)
    assert list(storage.services()) == []


def test_cascade_takes_what_stands_under_an_account_and_nothing_else(storage):
    """Deleting an account with `cascade` deletes its keys, services and Bindings, and leaves other accounts alone."""
    storage.add(OTHER)
    storage.add(ServiceRow("IS2", "AC2"))
    storage.add(KeyRow("SK1", "AC1", "d" * 64))
    storage.add(KeyRow("SK2", "AC2", "d" * 64))
    with storage.load() as loader:
        loader.add_bindings("IS1", rows(1))
        loader.add_bindings("IS2", rows(1))
    storage.delete_account("AC1", cascade=True)
    assert (list(storage.accounts()), sids(storage.keys())) == ([OTHER], ["SK2"])
    assert (list(storage.services()), storage.count_bindings()) == ([ServiceRow("IS2", "AC2")], 1)


def test_a_rotated_token_is_the_only_one(storage):
    """Rotating replaces the digest; keys stay."""
    storage.add(KeyRow("SK1", "AC1", "d" * 64))
    storage.rotate_token("AC1", "f" * 64)
    assert list(storage.accounts()) == [AccountRow("AC1", "f" * 64)]
    storage.delete_key("SK1")
    assert list(storage.keys()) == []


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (row(3, endpoint="another"), f"Binding {sid('BS', 3)} is there already"),
        (row(3, sid=sid("BS", 9999)), f"same identity, endpoint and binding_type already, as {sid('BS', 3)}"),
        (row(10, sid=sid("BS", 9999)), f"same identity, endpoint and binding_type already, as {sid('BS', 10)}"),
    ],
    ids=["sid", "key", "key of the same load"],
)
def test_the_binding_that_cannot_be_added_is_found(storage, wrong, message):
    """Of many Bindings the one that breaks a rule is reported by index, with no personal data, and none is added."""
    with storage.load() as loader:
        loader.add_bindings("IS1", rows(*range(5)))
    many = rows(*range(10, 500))
    with pytest.raises(BindingConflict, match=message) as raised, storage.load() as loader:
        loader.add_bindings("IS1", [*many[:300], wrong, *many[300:]])
    assert raised.value.index == 300
    assert not re.search(r"TestUser|endpoint \d", str(raised.value))
    assert storage.count_bindings() == 5


def test_a_load_that_fails_changes_nothing(storage):
    """A failed load's additions and removals are undone."""
    with storage.load() as loader:
        loader.add_bindings("IS1", rows(1))
    before = (list(storage.accounts()), list(storage.services()), list(storage.bindings("IS1")))

    def change(loader: Loader) -> None:
        loader.remove_account("AC1")
        loader.add(OTHER)
        loader.add(KeyRow("SK1", "AC2", "d" * 64))
        loader.add_bindings("IS9", rows(1))

    with pytest.raises(BindingConflict), storage.load() as loader:
        change(loader)
    assert (list(storage.accounts()), list(storage.services()), list(storage.bindings("IS1"))) == before


def test_a_snapshot_is_of_one_moment(storage, database):
    """Inside of a snapshot nothing is seen of what others change; after it, everything is."""
    with storage.load() as loader:
        loader.add_bindings("IS1", rows(1))
    with storage.snapshot():
        assert storage.count_bindings() == 1
        database.execute("DELETE FROM bindings")
        assert list(storage.bindings("IS1")) == rows(1)
    assert storage.count_bindings() == 0


def test_reading_goes_on_while_a_world_is_loaded(storage, database):
    """A reader is not locked out by a load, and sees nothing of it before its end."""
    with storage.load() as loader, database.administration() as reader:
        loader.add_bindings("IS1", rows(1))
        assert list(reader.accounts()) == [ACCOUNT]
        assert reader.count_bindings() == 0
    assert storage.count_bindings() == 1


def test_several_queries_are_read_at_once(storage):
    """A query while the rows of another are still read, in a snapshot or outside of one, does not disturb it."""
    more_than_a_batch = 2001
    with storage.load() as loader:
        loader.add_bindings("IS1", rows(*range(more_than_a_batch)))

    def read() -> list[str]:
        found = []
        for account in storage.accounts():
            for service in storage.services(account.sid):
                for one in storage.bindings(service.sid):
                    found.append(one.sid)
                    if one.sid.endswith("00"):
                        assert list(storage.services(account.sid)) == [SERVICE]
        return found

    with storage.snapshot():
        inside = read()
    assert inside == read()
    assert len(inside) == more_than_a_batch


def test_a_load_goes_on_after_a_conflict(storage):
    """Bindings of a missing service are refused, by the first one's index; the load can add others, and those alone."""
    with storage.load() as loader:
        with pytest.raises(BindingConflict, match="there is no service IS9") as raised:
            loader.add_bindings("IS9", rows(1, 2))
        loader.add_bindings("IS1", rows(2))
    assert raised.value.index == 0
    assert (list(storage.bindings("IS1")), storage.count_bindings()) == (rows(2), 1)


def indexes(storage: Administration) -> list[Any]:
    """Return the indexes of Bindings, with their definitions."""
    connection: Any = storage._connection  # type: ignore[attr-defined]  # noqa: SLF001 - SQL is the engine's
    if "Postgres" in type(storage).__name__:
        statement = "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'bindings' ORDER BY 1"
    else:
        statement = "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'bindings' ORDER BY 1"
    return list(connection.execute(statement).fetchall())


def test_indexes_are_made_after_the_rows_of_a_first_load(storage):
    """A first load of many leaves the indexes for its end, shows that as a phase of its own, and leaves what was."""
    before, shown = indexes(storage), []

    @contextmanager
    def progress(label: str, total: int) -> Iterator[Callable[[int], None]]:
        done: list[int] = []
        yield done.append
        shown.append((label, total, sum(done)))

    with storage.load() as loader:
        loader.add_bindings("IS1", rows(*range(300)))
        assert len(indexes(storage)) < len(before)
        loader.finish(progress)
    assert shown == [("indexing", 3, 3)]
    assert indexes(storage) == before
    assert storage.count_bindings() == 300
    with storage.load() as loader:
        loader.add_bindings("IS1", rows(*range(300, 600)))
        assert indexes(storage) == before


def test_a_twin_that_the_indexes_find_is_named_and_nothing_is_added(storage):
    """A row whose unique key is taken is named when the indexes are made, and all is undone."""
    before = indexes(storage)
    many = rows(*range(300))
    for number in (250, 270):
        many[number] = row(number, endpoint=many[7].endpoint)
    with pytest.raises(TwinConflict, match=f"already, as {many[7].sid}") as raised, storage.load() as loader:
        loader.add_bindings("IS1", many)
    assert (raised.value.service_sid, raised.value.sid) == ("IS1", many[250].sid)
    assert storage.count_bindings() == 0
    assert indexes(storage) == before
