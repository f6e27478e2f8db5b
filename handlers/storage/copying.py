"""Copying of a database, part by part, to another one of any engine."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from itertools import islice
from typing import Any, NamedTuple, TypeVar

import orjson

from .administration import Administration
from .loader import Loader
from .progress import Advance

T = TypeVar("T")

_TOGETHER = 600
"""Rows per batch. A batch of the largest rows must fit in memory."""


class Counts(NamedTuple):
    """Numbers of rows, by kind."""

    accounts: int
    keys: int
    services: int
    bindings: int


class Part(NamedTuple):
    """Some rows of a kind, as `storage.interface` has them; Bindings are those of one service."""

    kind: str
    service_sid: str
    rows: Sequence[Any]

    def add_to(self, loader: Loader) -> None:
        if self.kind == "bindings":
            loader.add_bindings(self.service_sid, self.rows)
        else:
            for row in self.rows:
                loader.add(row)


class Tally(NamedTuple):
    """The number of rows of each kind, and the SHA-256 of all rows, each a line with a JSON array of texts."""

    counts: Counts
    sha256: str
    """64 hexadecimal digits, which depend on the order of the rows."""

    def __str__(self) -> str:
        counts = ", ".join(f"{kind} {number}" for kind, number in self.counts._asdict().items())
        return f"{counts}, sha256 {self.sha256}"


def tally(
    found: Iterable[Part], progress: AbstractContextManager[Advance], do: Callable[[Part], object] = lambda _: None
) -> Tally:
    """Count all parts, and do something with each; the progress is that of Bindings."""
    counts = dict.fromkeys(Counts._fields, 0)
    digest = hashlib.sha256()
    with progress as advance:
        for part in found:
            do(part)
            counts[part.kind] += len(part.rows)
            for row in part.rows:
                digest.update(orjson.dumps([part.kind, part.service_sid, *row], option=orjson.OPT_APPEND_NEWLINE))
            if part.kind == "bindings":
                advance(len(part.rows))
    return Tally(Counts(**counts), digest.hexdigest())


def parts(source: Administration) -> Iterator[Part]:
    """Read all rows, parents first, those of a kind by SID. Must be read inside one snapshot."""
    yield from (Part("accounts", "", rows) for rows in _batches(source.accounts()))
    yield from (Part("keys", "", rows) for rows in _batches(source.keys()))
    yield from (Part("services", "", rows) for rows in _batches(source.services()))
    for service in source.services():
        yield from (Part("bindings", service.sid, rows) for rows in _batches(source.bindings(service.sid)))


def _batches(rows: Iterable[T]) -> Iterator[list[T]]:
    remaining = iter(rows)
    return iter(lambda: list(islice(remaining, _TOGETHER)), [])
