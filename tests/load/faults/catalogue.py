"""All faults, by engine, as a decorator gathers them."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from .asking import OPERATIONS
from .matrix import UNAVAILABLE, Fault, Scene, Setting

FAULTS: list[Fault] = []

OK = frozenset({200, 201, 204})
AWAY = frozenset({UNAVAILABLE})
REFUSED = frozenset({401})
"""What wrong credentials are answered."""
NOTHING = frozenset({0})
DAMAGED = frozenset({500})

SQLITE_ANSWERS_WITHIN = 5.0
"""Seconds; the engine waits two for a lock, and four for the disk."""


class Plain:
    """A service that is started in nothing special."""

    under: Sequence[object] = ()


@contextmanager
def _by_itself(_: object) -> Iterator[Setting]:
    yield Plain()


def fault(
    name: str,
    engine: str,
    *,
    reads: frozenset[int] = OK,
    writes: frozenset[int] = AWAY,
    wrong: frozenset[int] = REFUSED,
    within: float = SQLITE_ANSWERS_WITHIN,
    rounds: int = 2,
    begins: Sequence[str] = tuple(OPERATIONS),
    setting: Callable[[Any], AbstractContextManager[Setting]] = _by_itself,
    options: Sequence[str] = (),
    needs: Sequence[str] = (),
) -> Callable[[Callable[[Scene], Iterator[None]]], Callable[[Scene], AbstractContextManager[None]]]:
    """What happens is a generator: up to its `yield` the fault comes about, and after it, it passes."""

    def decorate(happens: Callable[[Scene], Iterator[None]]) -> Callable[[Scene], AbstractContextManager[None]]:
        context = contextmanager(happens)
        FAULTS.append(
            Fault(name, engine, context, reads, writes, wrong, within, rounds, begins, setting, options, needs)
        )
        return context

    return decorate
