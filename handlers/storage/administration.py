"""The part of `Administration` that is the same on every engine: accounts, services and keys."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, ClassVar, Protocol, Self

from .interface import AccountRow, Conflict, KeyRow, Loader, ServiceRow


class _AnyLoader(Loader, Protocol):
    def remove_service(self, sid: str) -> None:
        """Remove a service and its Bindings, if it is there."""


_PARENTS = {"account": "accounts", "service": "services"}


class SharedAdministration(ABC):
    """Asks in SQL that differs by engine in few words. A connection is opened when it is first needed."""

    MARK: ClassVar[str]
    """The mark of a value in a statement."""

    LOCK: ClassVar[str] = ""
    """The end of a query whose rows get no children until the transaction ends."""

    _opened: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    @abstractmethod
    def _ask(self, statement: str, *values: str) -> Sequence[Any]:
        """Run a statement: all its rows."""

    @abstractmethod
    def _rows(self, row_type: Any, statement: str, values: tuple[str, ...]) -> Iterator[Any]:
        """Run a query whose rows are many."""

    @abstractmethod
    def _change(self) -> AbstractContextManager[None]:
        """All changes inside are made when the block ends, and none when it raises."""

    @abstractmethod
    def _loader(self) -> "_AnyLoader": ...

    @contextmanager
    def load(self) -> Iterator[Loader]:
        with self._change():
            loading = self._loader()
            yield loading
            loading.finish()

    def accounts(self) -> Iterator[AccountRow]:
        return self._select(AccountRow, "accounts")

    def create_account(self, account: AccountRow) -> None:
        self._loader().add_account(account)

    def rotate_token(self, sid: str, auth_token_sha256: str) -> None:
        statement = f"UPDATE accounts SET auth_token_sha256 = {self.MARK} WHERE sid = {self.MARK} RETURNING sid"  # noqa: S608 - constants
        if not self._ask(statement, auth_token_sha256, sid):
            raise Conflict(f"there is no account {sid}")

    def delete_account(self, sid: str, *, cascade: bool) -> None:
        with self._change():
            self._must_be("account", sid, {} if cascade else {"services": "service", "api_keys": "API key"})
            self._loader().remove_account(sid)

    def services(self, account_sid: str | None = None) -> Iterator[ServiceRow]:
        return self._select(ServiceRow, "services", account_sid)

    def create_service(self, service: ServiceRow) -> None:
        self._loader().add_service(service)

    def delete_service(self, sid: str, *, cascade: bool) -> None:
        with self._change():
            self._must_be("service", sid, {} if cascade else {"bindings": "Binding"})
            self._loader().remove_service(sid)

    def keys(self, account_sid: str | None = None) -> Iterator[KeyRow]:
        return self._select(KeyRow, "api_keys", account_sid)

    def create_key(self, key: KeyRow) -> None:
        self._loader().add_key(key)

    def delete_key(self, sid: str) -> None:
        with self._change():
            if not self._ask(f"DELETE FROM api_keys WHERE sid = {self.MARK} RETURNING sid", sid):  # noqa: S608 - constants
                raise Conflict(f"there is no API key {sid}")

    def _select(self, row_type: Any, table: str, account_sid: str | None = None) -> Iterator[Any]:
        statement = f"SELECT {', '.join(row_type._fields)} FROM {table}"  # noqa: S608 - constants
        if account_sid is None:
            return self._rows(row_type, f"{statement} ORDER BY sid", ())
        self._must_exist("account", account_sid)
        return self._rows(row_type, f"{statement} WHERE account_sid = {self.MARK} ORDER BY sid", (account_sid,))

    def _count(self, table: str, column: str, value: str) -> int:
        ((number,),) = self._ask(f"SELECT count(*) FROM {table} WHERE {column} = {self.MARK}", value)  # noqa: S608 - constants
        return int(number)

    def _must_exist(self, kind: str, sid: str, end: str = "") -> None:
        if not self._ask(f"SELECT 1 FROM {_PARENTS[kind]} WHERE sid = {self.MARK} {end}", sid):  # noqa: S608 - constants
            raise Conflict(f"there is no {kind} {sid}")

    def _must_be(self, kind: str, sid: str, children: dict[str, str]) -> None:
        """Raise `Conflict` when an account or service is missing, or has children, given as table and noun."""
        self._must_exist(kind, sid, self.LOCK)
        counts = {noun: self._count(table, f"{kind}_sid", sid) for table, noun in children.items()}
        held = [f"{number} {noun}{'s' * (number > 1)}" for noun, number in counts.items() if number]
        if held:
            raise Conflict(f"{kind} {sid} still has {' and '.join(held)}: delete them first, or use --cascade")
