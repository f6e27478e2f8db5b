"""What every storage engine does, and the records that go in and out of it.

`Storage` is what the service needs while a request runs; `Administration` is what the commands need. Both name the
service in every question about Bindings: it is the key by which data is distributed.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Literal, NamedTuple, Protocol, Self, runtime_checkable

from .progress import Progress, quietly


class StorageUnavailable(Exception):
    """The database cannot be reached, is locked, read-only or full: the same request may succeed later."""


class StorageDamaged(Exception):
    """What is there is no database of ours, or is broken: no waiting mends it."""


class Credential(NamedTuple):
    """Who a user name stands for, and the SHA-256 (64 hex digits) of the token or secret that proves it."""

    account_sid: str
    secret_sha256: str


class Binding(NamedTuple):
    """A Binding as it is kept; whoever asks for it names its service.

    Times are ISO 8601 in GMT with whole seconds: `2016-10-21T11:37:03Z`. `message_types` is a JSON array, since nobody
    asks for its parts.
    """

    sid: str
    date_created: str
    date_updated: str
    endpoint: str
    identity: str
    binding_type: str
    credential_sid: str
    message_types: str


class Registration(NamedTuple):
    """What a device says of itself."""

    identity: str
    endpoint: str
    binding_type: str
    credential_sid: str
    message_types: Sequence[str]


class Filters(NamedTuple):
    """Which Bindings a list shows: any of the types (all, when empty), and any of the identities (likewise)."""

    binding_types: Sequence[str] = ()
    identities: Sequence[str] = ()


class Position(NamedTuple):
    """Where a page begins: right after a SID, or so that it ends right before one."""

    side: Literal["after", "before"]
    sid: str


class Page(NamedTuple):
    """A page of a list, and whether there is more on either side of it."""

    bindings: Sequence[Binding]
    has_previous: bool
    has_next: bool


class Storage(Protocol):
    """What the service asks while a request runs.

    A service that does not exist and one of another account are the same here: there is nothing to see. Every method
    raises `StorageUnavailable` when the database is away for longer than the engine's patience (a few seconds).
    """

    async def open(self) -> None:
        """Connect, now or when the database is back. The schema must be there already: see `Administration.migrate`."""

    async def close(self) -> None:
        """Finish what was accepted, and disconnect."""

    async def credential(self, user_name: str) -> Credential | None:
        """Look up an account's SID or an API key's."""

    async def fetch(self, account_sid: str, service_sid: str, sid: str) -> Binding | None:
        """Read one Binding."""

    async def page(
        self, account_sid: str, service_sid: str, filters: Filters, position: Position | None, size: int
    ) -> Page | None:
        """Read at most `size` Bindings in the order of their SIDs; None when there is no such service.

        A page before a position that would not be full is the first page: so only the last page of a list is not full.
        """

    async def register(
        self, account_sid: str, service_sid: str, registration: Registration
    ) -> tuple[Binding, bool] | None:
        """Make or update the Binding of a device: the Binding, and whether it is new. It is on disk on return."""

    async def delete(self, account_sid: str, service_sid: str, sid: str) -> bool:
        """Delete one Binding: whether it was there. It is gone from the API on return, from the files once erased."""

    async def erased_at(self) -> str:
        """When `Administration.erase` was last done; at first, when the database was made."""


@runtime_checkable
class SharesCommits(Protocol):
    """An engine whose writes share commits."""

    on_commit: Callable[[int], object]
    """Called with the number of writes of each commit; set before it is opened."""


class Conflict(Exception):
    """Something is already there, still in use, or missing; the message is a sentence that names it."""


class AccountRow(NamedTuple):
    """An account: its SID and the SHA-256 (64 hex digits) of its token."""

    sid: str
    auth_token_sha256: str


class KeyRow(NamedTuple):
    """An API key: its SID, its account's, and the SHA-256 (64 hex digits) of its secret."""

    sid: str
    account_sid: str
    secret_sha256: str


class ServiceRow(NamedTuple):
    """A service: its SID and its account's."""

    sid: str
    account_sid: str


class Schema(NamedTuple):
    """How far a database's schema is: the number of its last migration (0 for none), and of the last one there is."""

    applied: int
    latest: int

    @property
    def current(self) -> bool:
        """Whether it is as this version wants it."""
        return self.applied == self.latest

    @property
    def newer(self) -> bool:
        """Whether a newer version has migrated it."""
        return self.applied > self.latest


class Loader(Protocol):
    """Adds a world inside one transaction. Each method raises `Conflict` where something is there already."""

    def remove_account(self, sid: str) -> None:
        """Remove an account and all that stands under it, if it is there."""

    def add_account(self, account: AccountRow) -> None:
        """Add an account."""

    def add_key(self, key: KeyRow) -> None:
        """Add an API key."""

    def add_service(self, service: ServiceRow) -> None:
        """Add a service."""

    def add_bindings(self, service_sid: str, bindings: Sequence[Binding]) -> None:
        """Add Bindings to a service; `BindingConflict` says which of them could not be added."""

    def finish(self, progress: Progress = quietly) -> None:
        """Make the indexes that were left for the end. Raises `TwinConflict`. Nothing can be added afterwards."""


class BindingConflict(Conflict):
    """The Binding at `index` of what was to be added is there already, by its SID or by its unique key."""

    def __init__(self, message: str, index: int) -> None:
        super().__init__(message)
        self.index = index


class TwinConflict(Conflict):
    """A Binding that was added has the unique key of another one, `twin`, that its service had before."""

    def __init__(self, service_sid: str, sid: str, twin: str) -> None:
        super().__init__(f"its service has the same identity, endpoint and binding_type already, as {twin}")
        self.service_sid = service_sid
        self.sid = sid


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


class Administration(Protocol):
    """What the commands do to a database. Not asynchronous: a command does one thing at a time.

    Methods that change something raise `Conflict`; all raise `StorageUnavailable` like `Storage`.
    """

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc_info: object) -> None: ...

    def migrate(self) -> int:
        """Bring the schema up to date: the number of its last migration. SQLite's file is made when it is not there."""

    def schema(self) -> Schema:
        """How far the schema is; nothing is changed, or made."""

    def identity(self) -> str:
        """What tells this database from all others, however it is addressed; it need not be migrated."""

    def accounts(self) -> Iterator[AccountRow]:
        """All accounts, by SID."""

    def create_account(self, account: AccountRow) -> None: ...

    def rotate_token(self, sid: str, auth_token_sha256: str) -> None:
        """Replace an account's token; its keys stay valid."""

    def delete_account(self, sid: str, *, cascade: bool) -> None:
        """Delete an account; without `cascade` it must have no services and no keys."""

    def services(self, account_sid: str | None = None) -> Iterator[ServiceRow]:
        """All services (of an account), by SID."""

    def create_service(self, service: ServiceRow) -> None: ...

    def delete_service(self, sid: str, *, cascade: bool) -> None:
        """Delete a service; without `cascade` it must have no Bindings."""

    def keys(self, account_sid: str | None = None) -> Iterator[KeyRow]:
        """All API keys (of an account), by SID."""

    def create_key(self, key: KeyRow) -> None: ...

    def delete_key(self, sid: str) -> None: ...

    def count_bindings(self, service_sid: str | None = None) -> int:
        """How many Bindings there are (in a service)."""

    def bindings(self, service_sid: str) -> Iterator[Binding]:
        """All Bindings of a service, by SID, in bounded memory."""

    def snapshot(self) -> AbstractContextManager[None]:
        """Everything read inside is of one moment."""

    def load(self) -> AbstractContextManager[Loader]:
        """Add a world: all of it when the block ends, which finishes it, nothing of it when the block raises.

        Into a database without Bindings the rows go first and the indexes are made after them.

        What is read inside by the same object shows what was added.
        """

    def erase(self) -> Sequence[str]:
        """Leave no byte of what was deleted in the database's files: what prevents that now, a sentence each.

        Either engine writes its tables anew. SQLite lets nobody write meanwhile, PostgreSQL nobody read or write.
        """
