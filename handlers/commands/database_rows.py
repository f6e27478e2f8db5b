"""All rows of a database in one order, counted and digested: two databases that hold the same give the same."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple, TypeVar

import orjson

from ..storage.interface import Administration

T = TypeVar("T")

_TOGETHER = 2000
"""How many rows are read together. The largest that there can be, times this, must fit the memory."""


class Part(NamedTuple):
    """Some rows of a kind, as `storage.interface` has them; Bindings are those of one service."""

    kind: str
    service_sid: str
    rows: Sequence[Any]


def parts(storage: Administration) -> Iterator[Part]:
    """All rows, each after what it stands under, and those of a kind by SID. To be read inside of one snapshot."""
    yield from (Part("accounts", "", rows) for rows in _batches(storage.accounts()))
    yield from (Part("keys", "", rows) for rows in _batches(storage.keys()))
    yield from (Part("services", "", rows) for rows in _batches(storage.services()))
    for service in storage.services():
        yield from (Part("bindings", service.sid, rows) for rows in _batches(storage.bindings(service.sid)))


def _batches(rows: Iterable[T]) -> Iterator[list[T]]:
    remaining = iter(rows)
    while batch := list(islice(remaining, _TOGETHER)):
        yield batch


class Tally:
    """How many rows of each kind there were, and the SHA-256 of all of them, a JSON array of texts in a line each."""

    def __init__(self) -> None:
        self.counts = {"accounts": 0, "keys": 0, "services": 0, "bindings": 0}
        self._sha256 = hashlib.sha256()

    def add(self, part: Part) -> None:
        """Count rows; the digest depends on the order of all that are added."""
        self.counts[part.kind] += len(part.rows)
        lines = (
            orjson.dumps([part.kind, part.service_sid, *row], option=orjson.OPT_APPEND_NEWLINE) for row in part.rows
        )
        self._sha256.update(b"".join(lines))

    def __str__(self) -> str:
        counts = ", ".join(f"{kind} {number}" for kind, number in self.counts.items())
        return f"{counts}, sha256 {self._sha256.hexdigest()}"
