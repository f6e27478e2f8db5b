"""`Administration` on an SQLite file: what the commands do to a database, while a server may be running on it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

import apsw

from ..interface import AccountRow, Binding, Conflict, KeyRow, Schema, ServiceRow, StorageUnavailable
from ..progress import Progress
from ..rows import now
from . import connection as database
from . import erasure, loader, pages
from .connection import away, transaction
from .reading import COLUMNS

_CACHE = 176 * 1024
"""KiB of pages to hold at the most: the indexes of a large world are filled in no order."""

BINDINGS = f"SELECT {COLUMNS} FROM bindings WHERE service_sid = ? ORDER BY sid"  # noqa: S608 - constants


class SqliteAdministration:
    """`Administration` on the file at `path`, which is opened when it is first needed."""

    def __init__(self, path: Path, *, make_folder: bool = False) -> None:
        """`make_folder` is for a path that the user did not name: its folder is made with the database."""
        self._path = path
        self._make_folder = make_folder
        self._opened: apsw.Connection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    def migrate(self) -> int:
        if self._make_folder:
            try:
                self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            except OSError as error:
                raise StorageUnavailable(f"{error.filename} cannot be made: {error.strerror}") from error
        path = os.path.realpath(self._path)
        try:
            # readable by its owner alone, and so are the files that SQLite makes beside it
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            pass
        except OSError as error:
            if not self._path.exists():
                raise StorageUnavailable(f"{path} cannot be made: {error.strerror}") from error
        with away():
            return database.migrate(self._open())

    def schema(self) -> Schema:
        if not self._path.exists():
            raise StorageUnavailable(f"there is no file {self._path}")
        with away():
            return database.schema(self._open())

    def identity(self) -> str:
        with suppress(OSError):  # a file that is not there yet has only its name
            found = self._path.stat()
            return f"sqlite {found.st_dev} {found.st_ino}"
        return f"sqlite {self._path.absolute()}"

    def accounts(self) -> Iterator[AccountRow]:
        return self._select(AccountRow, "SELECT sid, auth_token_sha256 FROM accounts", None)

    def create_account(self, account: AccountRow) -> None:
        loader.insert(self._connection, "account", loader.ADD_ACCOUNT, account)

    def rotate_token(self, sid: str, auth_token_sha256: str) -> None:
        with away():
            self._connection.execute(
                "UPDATE accounts SET auth_token_sha256 = ? WHERE sid = ?", (auth_token_sha256, sid)
            )
        if not self._connection.changes():
            raise Conflict(f"there is no account {sid}")

    def delete_account(self, sid: str, *, cascade: bool) -> None:
        with self._change():
            self._must_exist("account", "accounts", sid)
            if not cascade:
                self._must_be_bare("account", sid, services="service", api_keys="API key")
            loader.remove_account(self._connection, sid)

    def services(self, account_sid: str | None = None) -> Iterator[ServiceRow]:
        return self._select(ServiceRow, "SELECT sid, account_sid FROM services", account_sid)

    def create_service(self, service: ServiceRow) -> None:
        loader.insert(self._connection, "service", loader.ADD_SERVICE, service)

    def delete_service(self, sid: str, *, cascade: bool) -> None:
        with self._change():
            self._must_exist("service", "services", sid)
            if not cascade:
                self._must_be_bare("service", sid, bindings="Binding")
            loader.remove_service(self._connection, sid)

    def keys(self, account_sid: str | None = None) -> Iterator[KeyRow]:
        return self._select(KeyRow, "SELECT sid, account_sid, secret_sha256 FROM api_keys", account_sid)

    def create_key(self, key: KeyRow) -> None:
        loader.insert(self._connection, "API key", loader.ADD_KEY, key)

    def delete_key(self, sid: str) -> None:
        with self._change():
            self._must_exist("API key", "api_keys", sid)
            with away():
                self._connection.execute("DELETE FROM api_keys WHERE sid = ?", (sid,))

    def count_bindings(self, service_sid: str | None = None) -> int:
        if service_sid is None:
            return self._count("SELECT count(*) FROM bindings")
        return self._count("SELECT count(*) FROM bindings WHERE service_sid = ?", service_sid)

    def bindings(self, service_sid: str) -> Iterator[Binding]:
        with away():
            yield from map(Binding._make, self._connection.execute(BINDINGS, (service_sid,)))

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        with away(), transaction(self._connection, "DEFERRED"):
            yield

    @contextmanager
    def load(self) -> Iterator[loader.SqliteLoader]:
        with self._change():
            loading = loader.SqliteLoader(self._connection)
            yield loading
            loading.finish()

    @property
    def path(self) -> Path:
        """The database's file, which may not be there yet."""
        return self._path

    def copy_pages_to(self, target: apsw.Connection, progress: Progress) -> None:
        """Make another file a copy of this one, free space included, of one moment. The target's errors are its own."""
        connection = self._connection
        pages.copy(connection, target, "copying", progress)

    def erase(self) -> list[str]:
        connection = self._connection
        with away():
            if obstacles := erasure.erase(connection):
                return obstacles
            connection.execute("UPDATE erasures SET erased_at = ?", (now(),))
            database.truncate_log(connection)
        return []

    @property
    def _connection(self) -> apsw.Connection:
        if self._opened is not None:
            return self._opened
        if not self._path.exists():
            raise StorageUnavailable(f"there is no file {self._path}")
        with away():
            connection = self._open()
            if not database.version(connection):
                self.__exit__()
                raise StorageUnavailable(f"{self._path} holds no data yet")
        return connection

    def _open(self) -> apsw.Connection:
        if self._opened is None:
            self._opened = database.connect(self._path)
            try:
                self._must_be_ours(self._opened)
            except BaseException:
                self.__exit__()
                raise
        return self._opened

    def _must_be_ours(self, connection: apsw.Connection) -> None:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
        if tables and "bindings" not in tables:
            raise Conflict(f"{self._path} is the database of another program")
        if connection.pragma("application_id") == database.BACKUP:
            raise Conflict(f"{self._path} is a backup, and no database: `restore` it into one")

    @contextmanager
    def _change(self) -> Iterator[None]:
        connection = self._connection
        with away():
            connection.pragma("cache_size", -_CACHE)
            with transaction(connection):
                yield

    def _select(self, row_type: Any, statement: str, account_sid: str | None) -> Iterator[Any]:
        if account_sid is None:
            return self._rows(row_type, f"{statement} ORDER BY sid", ())
        self._must_exist("account", "accounts", account_sid)
        return self._rows(row_type, f"{statement} WHERE account_sid = ? ORDER BY sid", (account_sid,))

    def _rows(self, row_type: Any, statement: str, values: tuple[str, ...]) -> Iterator[Any]:
        with away():
            yield from map(row_type._make, self._connection.execute(statement, values))

    def _count(self, statement: str, *values: str) -> int:
        with away():
            number: int = self._connection.execute(statement, values).get
        return number

    def _must_exist(self, kind: str, table: str, sid: str) -> None:
        if not self._count(f"SELECT count(*) FROM {table} WHERE sid = ?", sid):  # noqa: S608 - constants alone
            raise Conflict(f"there is no {kind} {sid}")

    def _must_be_bare(self, kind: str, sid: str, **children: str) -> None:
        """Raise `Conflict` when an account or service has children, given as table=noun."""
        counts = {
            noun: self._count(f"SELECT count(*) FROM {table} WHERE {kind}_sid = ?", sid)  # noqa: S608 - likewise
            for table, noun in children.items()
        }
        held = [f"{number} {noun}{'s' * (number > 1)}" for noun, number in counts.items() if number]
        if held:
            raise Conflict(f"{kind} {sid} still has {' and '.join(held)}: delete them first, or use --cascade")
