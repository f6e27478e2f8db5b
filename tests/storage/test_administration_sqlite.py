"""Administration of an SQLite file: its bytes, its permissions and its one lock."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from chat_bindings.storage.interface import Conflict, StorageDamaged, StorageUnavailable
from chat_bindings.storage.sqlite.administration import SqliteAdministration

from .test_administration import ACCOUNT, OTHER, SERVICE, binding


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "test.db"


@pytest.fixture
def storage(path: Path) -> Iterator[SqliteAdministration]:
    with SqliteAdministration(path) as opened:
        opened.migrate()
        opened.add(ACCOUNT)
        opened.add(SERVICE)
        yield opened


def test_one_writes_at_a_time(storage, path, caplog):
    """While a world is loaded, a second writer is locked out."""
    with storage.load() as loader, SqliteAdministration(path) as reader:
        loader.add_bindings("IS1", [binding(1)])
        for change in (lambda: reader.add(OTHER), lambda: reader.delete_account("AC1", cascade=True)):
            with pytest.raises(StorageUnavailable, match="locked"):
                change()
        assert caplog.text == ""


def test_a_new_database_is_its_owners_alone(storage, path):
    """The database's files are readable by their owner alone, since they hold personal data."""
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
    with pytest.raises(StorageDamaged, match="not a database"), SqliteAdministration(text) as it:
        it.migrate()
    with pytest.raises(StorageUnavailable), SqliteAdministration(tmp_path / "no folder" / "x.db") as it:
        it.migrate()
