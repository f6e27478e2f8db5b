"""What the commands do to a database, in the process."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from chat_bindings.storage.interface import (
    AccountRow,
    Binding,
    BindingConflict,
    Conflict,
    KeyRow,
    Loader,
    ServiceRow,
    StorageDamaged,
    StorageUnavailable,
)
from chat_bindings.storage.sqlite.administration import SqliteAdministration
from chat_bindings.storage.sqlite.connection import connect

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


def fail_to_load(storage: SqliteAdministration, change: Callable[[Loader], None]) -> None:
    """Change something, then have the load fail."""

    def load() -> None:
        with storage.load() as loader:
            change(loader)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        load()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "test.db"


@pytest.fixture
def storage(path: Path) -> Iterator[SqliteAdministration]:
    with SqliteAdministration(path) as opened:
        opened.migrate()
        opened.create_account(ACCOUNT)
        opened.create_service(SERVICE)
        yield opened


def sids(rows: Iterable[AccountRow | KeyRow | ServiceRow | Binding]) -> list[str]:
    return [row.sid for row in rows]


def bytes_of(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in path.parent.iterdir())


def test_rows_come_in_the_order_of_their_sids(storage):
    """Accounts, keys, services and Bindings are listed by SID, of one account too."""
    storage.create_account(AccountRow("AC0", "c" * 64))
    storage.create_service(ServiceRow("IS0", "AC0"))
    for sid, account in (("SK2", "AC0"), ("SK1", "AC1"), ("SK0", "AC1")):
        storage.create_key(KeyRow(sid, account, "d" * 64))
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
    """A change that cannot be made says which SID is in the way, or missing."""
    storage.create_key(KeyRow("SK1", "AC1", "d" * 64))
    changes = {
        "account AC1 is there already": lambda: storage.create_account(ACCOUNT),
        "service IS1 is there already": lambda: storage.create_service(SERVICE),
        "API key SK1 is there already": lambda: storage.create_key(KeyRow("SK1", "AC1", "d" * 64)),
        "there is no account AC9": lambda: storage.create_service(ServiceRow("IS9", "AC9")),
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
    storage.create_service(SERVICE)
    storage.delete_service("IS1", cascade=False)
    assert list(storage.services()) == []


def test_cascade_takes_what_stands_under_an_account_and_nothing_else(storage):
    """Deleting an account with `cascade` deletes its keys, services and Bindings, and leaves other accounts alone."""
    storage.create_account(OTHER)
    storage.create_service(ServiceRow("IS2", "AC2"))
    storage.create_key(KeyRow("SK1", "AC1", "d" * 64))
    storage.create_key(KeyRow("SK2", "AC2", "d" * 64))
    with storage.load() as loader:
        loader.add_bindings("IS1", [binding(1)])
        loader.add_bindings("IS2", [binding(1)])
    storage.delete_account("AC1", cascade=True)
    assert (list(storage.accounts()), sids(storage.keys())) == ([OTHER], ["SK2"])
    assert (list(storage.services()), storage.count_bindings()) == ([ServiceRow("IS2", "AC2")], 1)


def test_a_rotated_token_is_the_only_one(storage):
    """Rotating replaces the digest; keys stay."""
    storage.create_key(KeyRow("SK1", "AC1", "d" * 64))
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
    """Of many Bindings the one that breaks a rule is told by its index, with no personal data, and none is added."""
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
    """The first of them is told, with the service's SID."""
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
        loader.add_account(OTHER)
        loader.add_key(KeyRow("SK1", "AC2", "d" * 64))

    fail_to_load(storage, change)
    assert (list(storage.accounts()), list(storage.services()), list(storage.bindings("IS1"))) == before


def test_nothing_of_what_was_deleted_is_left_in_the_files(storage, path):
    """After a cascade no byte of the database's files holds a deleted identity or endpoint."""
    with storage.load() as loader:
        loader.add_bindings("IS1", [binding(number) for number in range(20_000)])
    assert b"identity-77-gone" in bytes_of(path)
    storage.delete_account("AC1", cascade=True)
    assert b"gone" not in bytes_of(path)


def test_nothing_of_a_load_that_failed_is_left_in_the_files(storage, path, monkeypatch):
    """What a failed load wrote to the log, as it did not fit the cache, is erased."""
    monkeypatch.setattr("chat_bindings.storage.sqlite.administration._CACHE", 10)

    def change(loader: Loader) -> None:
        loader.add_bindings("IS1", [binding(number) for number in range(5_000)])
        assert b"identity-77-gone" in bytes_of(path)

    with SqliteAdministration(path) as other:
        fail_to_load(other, change)
    assert b"gone" not in bytes_of(path)


def test_a_snapshot_is_of_one_moment(storage, path):
    """Inside of a snapshot nothing is seen of what others change; after it, everything is."""
    with storage.load() as loader:
        loader.add_bindings("IS1", [binding(1)])
    with closing(connect(path)) as other, storage.snapshot():
        assert storage.count_bindings() == 1
        other.execute("DELETE FROM bindings")
        assert sids(storage.bindings("IS1")) == ["BS000001"]
    assert storage.count_bindings() == 0


def test_reading_goes_on_while_a_world_is_loaded(storage, path, caplog):
    """A reader is not locked out by a load, and sees nothing of it before its end; a second writer is."""
    with storage.load() as loader, SqliteAdministration(path) as reader:
        loader.add_bindings("IS1", [binding(1)])
        assert list(reader.accounts()) == [ACCOUNT]
        assert reader.count_bindings() == 0
        for change in (lambda: reader.create_account(OTHER), lambda: reader.delete_account("AC1", cascade=True)):
            with pytest.raises(StorageUnavailable, match="locked"):
                change()
        assert caplog.text == ""
    assert storage.count_bindings() == 1


def test_a_busy_database_is_erased_later(storage, path, caplog, monkeypatch):
    """A reader that stays keeps deleted data in the log: that is said, and the next erasure does it."""
    monkeypatch.setattr("chat_bindings.storage.sqlite.administration._ERASE_FOR", 0.1)
    with storage.load() as loader:
        loader.add_bindings("IS1", [binding(1)])
    with SqliteAdministration(path) as reader, reader.snapshot():
        assert reader.count_bindings() == 1
        storage.delete_service("IS1", cascade=True)
        assert "not erased from the files yet" in caplog.text
        assert b"identity-1-gone" in bytes_of(path)
    assert storage.erase()
    assert b"gone" not in bytes_of(path)


def test_a_new_database_is_its_owners_alone(storage, path):
    """The database's files are readable by nobody else, since they hold personal data."""
    files = list(path.parent.iterdir())
    assert len(files) > 1
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


def test_a_database_that_is_not_there_is_not_made_by_reading(tmp_path):
    """Only `migrate` makes a database; anything else says that there is none, or that it is empty."""
    missing, empty = tmp_path / "missing.db", tmp_path / "empty.db"
    with (
        pytest.raises(StorageUnavailable, match=r"there is no file .*missing\.db"),
        SqliteAdministration(missing) as it,
    ):
        list(it.accounts())
    assert not missing.exists()
    empty.touch()
    with SqliteAdministration(empty) as it:
        for _ in range(2):
            with pytest.raises(StorageUnavailable, match="holds no data yet"):
                list(it.accounts())
        assert it.migrate() >= 1
        assert list(it.accounts()) == []


def test_what_is_not_our_database_is_left_alone(tmp_path):
    """Another program's database is refused, and so is what is no database at all."""
    foreign, text = tmp_path / "foreign.db", tmp_path / "text.db"
    with sqlite3.connect(foreign) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    text.write_text("no database, but long enough to be taken for one, if nobody looked at its first bytes" * 10)
    before = foreign.read_bytes()
    with pytest.raises(Conflict, match="another program"), SqliteAdministration(foreign) as it:
        it.migrate()
    assert foreign.read_bytes() == before
    with pytest.raises(StorageDamaged), SqliteAdministration(text) as it:
        it.migrate()
    with pytest.raises(StorageUnavailable), SqliteAdministration(tmp_path / "no folder" / "x.db") as it:
        it.migrate()
