"""Administration of a database, on both engines."""

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

ACCOUNT = AccountRow("AC1", "a" * 64)
OTHER = AccountRow("AC2", "b" * 64)
SERVICE = ServiceRow("IS1", "AC1")
MOMENT = "2016-10-21T11:37:03Z"


def binding(number: int, *, endpoint: str | None = None) -> Binding:
    return Binding(
        f"BS{number:06d}",
        MOMENT,
        MOMENT,
        endpoint or f"endpoint-{number}-gone",
        f"identity-{number}-gone",
        "apn",
        "CR1",
        '["new_message"]',
    )


@pytest.fixture
def storage(database: Database) -> Iterator[Administration]:
    with database.administration() as opened:
        opened.add(ACCOUNT)
        opened.add(SERVICE)
        yield opened


def sids(rows: Iterable[AccountRow | KeyRow | ServiceRow | Binding]) -> list[str]:
    return [row.sid for row in rows]


def test_rows_come_in_the_order_of_their_sids(storage):
    """Accounts, keys, services and Bindings are listed by SID, of one account too."""
    storage.add(AccountRow("AC0", "c" * 64))
    storage.add(ServiceRow("IS0", "AC0"))
    for sid, account in (("SK2", "AC0"), ("SK1", "AC1"), ("SK0", "AC1")):
        storage.add(KeyRow(sid, account, "d" * 64))
    with storage.load() as loader:
        loader.add_bindings("IS1", [binding(2), binding(1), binding(3)])
    assert sids(storage.accounts()) == ["AC0", "AC1"]
    assert list(storage.services()) == [ServiceRow("IS0", "AC0"), SERVICE]
    assert list(storage.services("AC0")) == [ServiceRow("IS0", "AC0")]
    assert sids(storage.keys()) == ["SK0", "SK1", "SK2"]
    assert sids(storage.keys("AC1")) == ["SK0", "SK1"]
    assert list(storage.bindings("IS1")) == [binding(1), binding(2), binding(3)]
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
        "account AC1 still has 1 service and 1 API key": lambda: storage.delete_account("AC1", cascade=False),
    }
    for message, change in changes.items():
        with pytest.raises(Conflict, match=message):
            change()
    assert list(storage.accounts()) == [ACCOUNT]


def test_a_service_with_bindings_is_not_deleted(storage):
    """Without `cascade` a service is deleted only when it is empty."""
    with storage.load() as loader:
        loader.add_bindings("IS1", [binding(1), binding(2)])
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
        loader.add_bindings("IS1", [binding(1)])
        loader.add_bindings("IS2", [binding(1)])
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
        (binding(3, endpoint="another"), "Binding BS000003 is there already"),
        (binding(3)._replace(sid="BS999999"), "same identity, endpoint and binding_type already, as BS000003"),
    ],
)
def test_the_binding_that_cannot_be_added_is_found(storage, wrong, message):
    """Of many Bindings the one that breaks a rule is reported by index, with no personal data, and none is added."""
    with storage.load() as loader:
        loader.add_bindings("IS1", [binding(number) for number in range(5)])
    many = [binding(number) for number in range(10, 500)]
    with pytest.raises(BindingConflict, match=message) as raised, storage.load() as loader:
        loader.add_bindings("IS1", [*many[:300], wrong, *many[300:]])
    assert raised.value.index == 300
    assert "identity-" not in str(raised.value)
    assert "gone" not in str(raised.value)
    assert storage.count_bindings() == 5


def test_bindings_are_not_added_to_a_service_that_is_not_there(storage):
    """The first of them is reported, with the service's SID."""
    with pytest.raises(BindingConflict, match="there is no service IS9") as raised, storage.load() as loader:
        loader.add_bindings("IS9", [binding(1), binding(2)])
    assert (raised.value.index, storage.count_bindings()) == (0, 0)


def test_a_load_that_fails_changes_nothing(storage):
    """What a load added and removed before it failed is as it was."""
    with storage.load() as loader:
        loader.add_bindings("IS1", [binding(1)])
    before = (list(storage.accounts()), list(storage.services()), list(storage.bindings("IS1")))

    def change(loader: Loader) -> None:
        loader.remove_account("AC1")
        loader.add(OTHER)
        loader.add(KeyRow("SK1", "AC2", "d" * 64))
        loader.add_bindings("IS9", [binding(1)])

    with pytest.raises(BindingConflict), storage.load() as loader:
        change(loader)
    assert (list(storage.accounts()), list(storage.services()), list(storage.bindings("IS1"))) == before


def test_a_snapshot_is_of_one_moment(storage, database):
    """Inside of a snapshot nothing is seen of what others change; after it, everything is."""
    with storage.load() as loader:
        loader.add_bindings("IS1", [binding(1)])
    with storage.snapshot():
        assert storage.count_bindings() == 1
        database.execute("DELETE FROM bindings")
        assert sids(storage.bindings("IS1")) == ["BS000001"]
    assert storage.count_bindings() == 0


def test_reading_goes_on_while_a_world_is_loaded(storage, database):
    """A reader is not locked out by a load, and sees nothing of it before its end."""
    with storage.load() as loader, database.administration() as reader:
        loader.add_bindings("IS1", [binding(1)])
        assert list(reader.accounts()) == [ACCOUNT]
        assert reader.count_bindings() == 0
    assert storage.count_bindings() == 1


def test_several_queries_are_read_at_once(storage):
    """A query while the rows of another are still read, in a snapshot or outside of one, does not disturb it."""
    more_than_a_batch = 2001
    with storage.load() as loader:
        loader.add_bindings("IS1", [binding(number) for number in range(more_than_a_batch)])

    def read() -> list[str]:
        found = []
        for account in storage.accounts():
            for service in storage.services(account.sid):
                for one in storage.bindings(service.sid):
                    found.append(one.sid)
                    if one.sid.endswith("500"):
                        assert list(storage.services(account.sid)) == [SERVICE]
        return found

    with storage.snapshot():
        inside = read()
    assert inside == read()
    assert len(inside) == more_than_a_batch


def test_two_bindings_of_one_load_can_be_in_each_others_way(storage):
    """A Binding that another of the same load has made impossible is reported by its index."""
    wrong = binding(7)._replace(sid="BS999999")
    with pytest.raises(BindingConflict, match="already, as BS000007") as raised, storage.load() as loader:
        loader.add_bindings("IS1", [*(binding(number) for number in range(20)), wrong])
    assert raised.value.index == 20


def test_a_load_goes_on_after_a_conflict(storage):
    """Who catches the conflict of one batch can add another in the same load; of the first, nothing is added."""
    with storage.load() as loader:
        with pytest.raises(BindingConflict):
            loader.add_bindings("IS9", [binding(1)])
        loader.add_bindings("IS1", [binding(2)])
    assert sids(storage.bindings("IS1")) == ["BS000002"]


def indexes(storage: Administration) -> list[Any]:
    """The indexes of Bindings, with their definitions."""
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
        loader.add_bindings("IS1", [binding(number) for number in range(300)])
        assert len(indexes(storage)) < len(before)
        loader.finish(progress)
    assert shown == [("indexing", 3, 3)]
    assert indexes(storage) == before
    assert storage.count_bindings() == 300
    with storage.load() as loader:
        loader.add_bindings("IS1", [binding(number) for number in range(300, 600)])
        assert indexes(storage) == before


def test_a_twin_that_the_indexes_find_is_named_and_nothing_is_added(storage):
    """What has the unique key of another one is named when the indexes are made, and all is undone."""
    before = indexes(storage)
    many = [binding(number) for number in range(300)]
    many[250] = many[250]._replace(identity=many[7].identity, endpoint=many[7].endpoint)
    many[270] = many[270]._replace(identity=many[7].identity, endpoint=many[7].endpoint)
    with pytest.raises(TwinConflict, match="already, as BS000007") as raised, storage.load() as loader:
        loader.add_bindings("IS1", many)
    assert (raised.value.service_sid, raised.value.sid) == ("IS1", "BS000250")
    assert storage.count_bindings() == 0
    assert indexes(storage) == before
