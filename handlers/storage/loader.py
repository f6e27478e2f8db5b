"""Loading of a world into a database: the part that all engines share."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, ClassVar

from .interface import AccountRow, Binding, Conflict, KeyRow, ServiceRow, TwinConflict
from .progress import Progress, quietly
from .rows import added

MANY = 200
"""Bindings of a batch for which it pays to build the indexes at the end."""

_KINDS = {AccountRow: ("account", "accounts"), KeyRow: ("API key", "api_keys"), ServiceRow: ("service", "services")}
"""The name and the table of each type of row."""

_TWIN = """
    SELECT service_sid, sid, first FROM (
        SELECT {place}, service_sid, sid, first_value(sid) OVER same AS first, row_number() OVER same AS number
        FROM bindings WINDOW same AS (PARTITION BY service_sid, key_sha256 ORDER BY {place})) AS ordered
    WHERE number = 2 ORDER BY {place} LIMIT 1"""
"""The first Binding, in the order in which they were added, that has the unique key of an earlier one."""


class Loader(ABC):
    """Adds a world in a transaction that its caller has begun. Methods raise `Conflict` for what is there already."""

    MARK: ClassVar[str]
    LOCK: ClassVar[str]
    PLACE: ClassVar[str]
    """The values of {mark}, {lock} and {place} in `ask`."""

    INDEXES: ClassVar[str]
    """The query for the indexes of Bindings but the primary key's: their names and statements."""

    REFUSED: ClassVar[tuple[type[Exception], ...]]
    """The errors of a row or an index that breaks a rule of the schema."""

    NO_PARENT: ClassVar[str | int]
    """The code of the error of a row whose account or service is missing."""

    ERRORS: ClassVar[type[AbstractContextManager[None]]]
    """Raises the engine's errors as `StorageUnavailable` or `StorageDamaged`."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._indexes: list[str] | None = None

    def remove_account(self, sid: str) -> None:
        """Remove an account and all that stands under it, if it is there."""
        self.ask("SELECT 1 FROM accounts WHERE sid = {mark} {lock}", sid)
        for (service_sid,) in self.ask("SELECT sid FROM services WHERE account_sid = {mark}", sid):
            self.remove_service(service_sid)
        self.ask("DELETE FROM api_keys WHERE account_sid = {mark}", sid)
        self.ask("DELETE FROM accounts WHERE sid = {mark}", sid)

    def remove_service(self, sid: str) -> None:
        """Remove a service and its Bindings, if it is there. A registration that comes meanwhile finds no service."""
        self.ask("SELECT 1 FROM services WHERE sid = {mark} {lock}", sid)
        self._remove_bindings(sid)
        self.ask("DELETE FROM services WHERE sid = {mark}", sid)

    def add(self, row: AccountRow | KeyRow | ServiceRow) -> None:
        """Add an account, an API key or a service."""
        kind, table = _KINDS[type(row)]
        marks = ", ".join(["{mark}"] * len(row))
        try:
            self.ask(f"INSERT INTO {table} ({', '.join(row._fields)}) VALUES ({marks})", *row)  # noqa: S608 - constants
        except self.REFUSED as error:
            if self.NO_PARENT in {getattr(error, "sqlstate", None), getattr(error, "extendedresult", None)}:
                raise Conflict(f"there is no account {row[1]}") from error
            raise Conflict(f"{kind} {row.sid} is there already") from error

    def add_bindings(self, service_sid: str, bindings: Sequence[Binding]) -> None:
        """Add Bindings to a service; `BindingConflict` says which of them could not be added."""
        if self._indexes is None and len(bindings) >= MANY:
            self._leave_indexes()
        with self.ERRORS():
            self._add([added(service_sid, binding) for binding in bindings])

    def finish(self, progress: Progress = quietly) -> None:
        """Make the indexes that were left for the end. Raises `TwinConflict`. Nothing can be added afterwards."""
        statements, self._indexes = self._indexes, None
        if not statements:
            return
        with progress("indexing", len(statements)) as advance:
            for statement in statements:
                with self.ERRORS():
                    try:
                        self._make_index(statement)
                    except self.REFUSED as error:
                        for twin in self.ask(_TWIN):
                            raise TwinConflict(*twin) from error
                        raise
                advance(1)

    def _leave_indexes(self) -> None:
        """Make no index but the primary key's while rows are added, where no other client waits for that."""
        indexes = self.ask(self.INDEXES) if self._may_leave_indexes() else []
        self._indexes = [statement for _, statement in indexes]
        for name, _ in indexes:
            self.ask(f"DROP INDEX {name}")

    def ask(self, statement: str, *values: Any) -> Sequence[Any]:
        """Run a statement, and return all its rows.

        {mark} marks a value, {lock} locks the rows of a query, and {place} is the column with the order of addition.
        """
        with self.ERRORS():
            return self._execute(statement.format(mark=self.MARK, lock=self.LOCK, place=self.PLACE), values)

    def _obstacle(self, service_sid: str, key_sha256: bytes, sid: str) -> str:
        """Return why a Binding cannot be added; empty where nothing prevents it."""
        if not self.ask("SELECT 1 FROM services WHERE sid = {mark}", service_sid):
            return f"there is no service {service_sid}"
        if self.ask("SELECT 1 FROM bindings WHERE service_sid = {mark} AND sid = {mark}", service_sid, sid):
            return f"Binding {sid} is there already"
        same = "SELECT sid FROM bindings WHERE service_sid = {mark} AND key_sha256 = {mark}"
        for twin in [] if self._indexes else self.ask(same, service_sid, key_sha256):  # else no key is unique yet
            return str(TwinConflict(service_sid, sid, *twin))
        return ""

    @abstractmethod
    def _execute(self, statement: str, values: Sequence[Any]) -> Sequence[Any]: ...

    def _remove_bindings(self, service_sid: str) -> None:
        self.ask("DELETE FROM bindings WHERE service_sid = {mark}", service_sid)

    @abstractmethod
    def _add(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """Add rows of Bindings, as `rows.added` makes them. Raises `BindingConflict`."""

    @abstractmethod
    def _may_leave_indexes(self) -> bool: ...

    @abstractmethod
    def _make_index(self, statement: str) -> None: ...
