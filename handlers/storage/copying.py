"""All that a database holds, part by part, to be added to another of any engine."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple, TypeVar

from .interface import Administration, Loader
from .progress import Advance

T = TypeVar("T")

_TOGETHER = 600
"""How many rows are read and added at once. The largest that there can be, times this, must fit the memory."""


class Part(NamedTuple):
    """Some rows of a kind, as `storage.interface` has them; Bindings are those of one service."""

    kind: str
    service_sid: str
    rows: Sequence[Any]

    def add_to(self, loader: Loader) -> None:
        """Add the rows, each after what it stands under."""
        match self.kind:
            case "accounts":
                for account in self.rows:
                    loader.add_account(account)
            case "keys":
                for key in self.rows:
                    loader.add_key(key)
            case "services":
                for service in self.rows:
                    loader.add_service(service)
            case "bindings":
                loader.add_bindings(self.service_sid, self.rows)


def parts(source: Administration) -> Iterator[Part]:
    """All rows, each after what it stands under, and those of a kind by SID. To be read inside of one snapshot."""
    yield from (Part("accounts", "", rows) for rows in _batches(source.accounts()))
    yield from (Part("keys", "", rows) for rows in _batches(source.keys()))
    yield from (Part("services", "", rows) for rows in _batches(source.services()))
    for service in source.services():
        yield from (Part("bindings", service.sid, rows) for rows in _batches(source.bindings(service.sid)))


def _batches(rows: Iterable[T]) -> Iterator[list[T]]:
    remaining = iter(rows)
    while batch := list(islice(remaining, _TOGETHER)):
        yield batch


def copy(source: Administration, loader: Loader, advance: Advance) -> int:
    """Add all that a database holds: how many Bindings. To be called inside of one snapshot of the source."""
    copied = 0
    for part in parts(source):
        part.add_to(loader)
        if part.kind == "bindings":
            advance(len(part.rows))
            copied += len(part.rows)
    return copied
