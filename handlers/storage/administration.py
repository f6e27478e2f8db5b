"""Administration of a database by the commands, and the part of it that all engines share."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, ClassVar, Protocol, Self

from .interface import AccountRow, Binding, Conflict, KeyRow, Schema, ServiceRow, StorageUnavailable
from .loader import Loader
from .rows import now


class Administration(ABC):
    """The operations of the commands on a database, to which a connection is opened when it is first needed.

    Methods that change something raise `Conflict`; all raise `StorageUnavailable` like `Storage`.
    """

    LOADER: ClassVar[type[Loader]]
    ERASE: ClassVar[Callable[[Any], Sequence[str]]]
    _name = "it"
    _opened: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    @abstractmethod
    def migrate(self) -> int:
        """Apply the missing migrations, and return the number of the last one. A missing SQLite file is created."""

    @abstractmethod
    def schema(self) -> Schema:
        """Return how far the schema is. Nothing is changed, or made."""

    @abstractmethod
    def identity(self) -> str:
        """Identify this database among all others, whatever its address. It need not be migrated."""

    def count_bindings(self, service_sid: str | None = None) -> int:
        """Count the Bindings (of a service)."""
        if service_sid is None:
            return sum(self.count_bindings(service.sid) for service in self.services())
        return self._count("bindings", "service_sid", service_sid)

    def bindings(self, service_sid: str) -> Iterator[Binding]:
        """Read all Bindings of a service, by SID, in bounded memory."""
        return self._select(Binding, "bindings", "service_sid", service_sid)

    @abstractmethod
    def snapshot(self) -> AbstractContextManager[None]:
        """Read everything inside the block as of one moment."""

    def erase(self) -> Sequence[str]:
        """Leave no byte of what was deleted in the database's files. Return the obstacles, a sentence each.

        Either engine rewrites its tables. SQLite blocks writes meanwhile, PostgreSQL reads as well.
        """
        with self.LOADER.ERRORS():
            obstacles = type(self).ERASE(self._connection)
            if not obstacles:
                self._loader.ask("UPDATE erasures SET erased_at = {mark}", now())
        return obstacles

    @contextmanager
    def load(self) -> Iterator[Loader]:
        """Add a world: all of it when the block ends, which finishes it, nothing of it when the block raises."""
        with self._change():
            loader = self._loader
            yield loader
            loader.finish()

    def accounts(self) -> Iterator[AccountRow]:
        """Read all accounts, by SID."""
        return self._select(AccountRow, "accounts")

    def add(self, row: AccountRow | KeyRow | ServiceRow) -> None:
        """Add an account, an API key or a service."""
        self._loader.add(row)

    def rotate_token(self, sid: str, auth_token_sha256: str) -> None:
        """Replace an account's token; its keys stay valid."""
        statement = "UPDATE accounts SET auth_token_sha256 = {mark} WHERE sid = {mark} RETURNING sid"
        if not self._loader.ask(statement, auth_token_sha256, sid):
            raise Conflict(f"there is no account {sid}")

    def delete_account(self, sid: str, *, cascade: bool) -> None:
        """Delete an account; without `cascade` it must have no services and no keys."""
        with self._change():
            self._must_be("account", sid, {} if cascade else {"services": "service", "api_keys": "API key"})
            self._loader.remove_account(sid)

    def services(self, account_sid: str | None = None) -> Iterator[ServiceRow]:
        """Read all services (of an account), by SID."""
        return self._children(ServiceRow, "services", account_sid)

    def delete_service(self, sid: str, *, cascade: bool) -> None:
        """Delete a service; without `cascade` it must have no Bindings."""
        with self._change():
            self._must_be("service", sid, {} if cascade else {"bindings": "Binding"})
            self._loader.remove_service(sid)

    def keys(self, account_sid: str | None = None) -> Iterator[KeyRow]:
        """Read all API keys (of an account), by SID."""
        return self._children(KeyRow, "api_keys", account_sid)

    def delete_key(self, sid: str) -> None:
        with self._change():
            if not self._loader.ask("DELETE FROM api_keys WHERE sid = {mark} RETURNING sid", sid):
                raise Conflict(f"there is no API key {sid}")

    @property
    def _connection(self) -> Any:
        if self._opened is None and not self.schema().applied:
            self.__exit__()
            raise StorageUnavailable(f"{self._name} holds no data yet")
        return self._opened

    @abstractmethod
    def _rows(self, statement: str, values: tuple[str, ...]) -> Iterator[Any]:
        """Run a query whose rows are many."""

    @abstractmethod
    def _change(self) -> AbstractContextManager[None]:
        """Commit all changes when the block ends, and none when it raises."""

    @property
    def _loader(self) -> Loader:
        return self.LOADER(self._connection)

    def _select(self, row_type: Any, table: str, column: str = "", *values: str) -> Iterator[Any]:
        where = f"WHERE {column} = {self.LOADER.MARK}" if column else ""
        statement = f"SELECT {', '.join(row_type._fields)} FROM {table} {where} ORDER BY sid"  # noqa: S608 - constants
        with self.LOADER.ERRORS():
            yield from map(row_type._make, self._rows(statement, values))

    def _children(self, row_type: Any, table: str, account_sid: str | None) -> Iterator[Any]:
        if account_sid is None:
            return self._select(row_type, table)
        self._must_exist("account", account_sid)
        return self._select(row_type, table, "account_sid", account_sid)

    def _count(self, table: str, column: str, value: str) -> int:
        ((number,),) = self._loader.ask(f"SELECT count(*) FROM {table} WHERE {column} = {{mark}}", value)  # noqa: S608 - constants
        return int(number)

    def _must_exist(self, kind: str, sid: str, end: str = "") -> None:
        if not self._loader.ask(f"SELECT 1 FROM {kind}s WHERE sid = {{mark}} {end}", sid):  # noqa: S608 - constants
            raise Conflict(f"there is no {kind} {sid}")

    def _must_be(self, kind: str, sid: str, children: dict[str, str]) -> None:
        """Raise `Conflict` when an account or service is missing, or has children, given as table and noun."""
        self._must_exist(kind, sid, "{lock}")
        counts = {noun: self._count(table, f"{kind}_sid", sid) for table, noun in children.items()}
        held = [f"{number} {noun}{'s' * (number > 1)}" for noun, number in counts.items() if number]
        if held:
            raise Conflict(f"{kind} {sid} still has {' and '.join(held)}: delete them first, or use --cascade")


class Kept(Protocol):
    """A copy of all that a database holds, to return to. All raise `StorageUnavailable` like `Storage`."""

    def keep(self) -> None:
        """Keep what the database holds now."""

    def replace(self) -> AbstractContextManager[Loader]:
        """Keep a world instead: all of it when the block ends, which finishes it, nothing of it when it raises."""

    def put_back(self) -> None:
        """Make the database hold what is kept and nothing else, in one transaction."""

    def close(self) -> None:
        """Remove the copy."""
