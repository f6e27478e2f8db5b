"""The storage interface of the server, its records and its errors."""

from collections.abc import Sequence
from itertools import product
from typing import Literal, NamedTuple, Protocol


class StorageUnavailable(Exception):
    """The database cannot be reached, is locked, read-only or full: the same request may succeed later."""


class StorageDamaged(Exception):
    """The database is corrupt, or not ours. Retrying does not help."""


class Credential(NamedTuple):
    """The account of a user name, and the SHA-256 (64 hex digits) of the token or secret that proves it."""

    account_sid: str
    secret_sha256: str


class Binding(NamedTuple):
    """A stored Binding, without its service. Times are `2016-10-21T11:37:03Z`; `message_types` is a JSON array."""

    sid: str
    date_created: str
    date_updated: str
    endpoint: str
    identity: str
    binding_type: str
    credential_sid: str
    message_types: str


class Registration(NamedTuple):
    """The registration of a device."""

    identity: str
    endpoint: str
    binding_type: str
    credential_sid: str
    message_types: Sequence[str]


Runs = Sequence[tuple[str | None, str | None]]
"""The runs of one index of which a list is merged: the identity and the type of each, None for any."""


class Filters(NamedTuple):
    """Filters of a list: any of the types (all, when empty), and any of the identities (likewise)."""

    binding_types: Sequence[str] = ()
    identities: Sequence[str] = ()

    def runs(self, binding_types: Sequence[str]) -> Runs:
        """Return the runs; `binding_types` are all that there are."""
        types: Sequence[str | None] = list(dict.fromkeys(self.binding_types))
        if len(types) == len(binding_types):
            types = []  # all that there are filter nothing
        if self.identities and not types:
            types = binding_types  # the index on identities orders by type before the SID
        # no stored text holds a NUL
        identities = [identity for identity in dict.fromkeys(self.identities) if "\0" not in identity]
        return list(product(identities if self.identities else [None], types or [None]))


class Position(NamedTuple):
    """The position of a page: it begins right after a SID, or ends right before one."""

    side: Literal["after", "before"]
    sid: str


class Page(NamedTuple):
    """A page of a list, and whether there is more on either side of it."""

    bindings: Sequence[Binding]
    has_previous: bool
    has_next: bool


class Storage(Protocol):
    """The operations of requests. All that are on Bindings name the service, the key by which data is distributed.

    A service that does not exist and one of another account are the same here. Every method raises
    `StorageUnavailable` when the database is unavailable for longer than the engine's timeout (a few seconds).
    """

    async def open(self) -> None:
        """Connect, now or once the database is available. `Administration.migrate` must have made the schema."""

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
        """Create or update the Binding of a device. Return it, and whether it is new. It is on disk on return."""

    async def delete(self, account_sid: str, service_sid: str, sid: str) -> bool:
        """Delete one Binding, and return whether it existed. `Administration.erase` removes it from the files."""

    async def erased_at(self) -> str:
        """Return the time of the last `Administration.erase`; before the first one, that of the database's creation."""


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
    """The numbers of a schema's last migration (0 for none), and of the latest migration."""

    applied: int
    latest: int

    @property
    def current(self) -> bool:
        """Whether all migrations are applied."""
        return self.applied == self.latest

    @property
    def newer(self) -> bool:
        """Whether a newer version has migrated it."""
        return self.applied > self.latest


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
