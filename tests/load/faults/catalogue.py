"""All faults, by engine, as a decorator gathers them."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

from .asking import OPERATIONS
from .matrix import UNAVAILABLE, Fault, Scene
from .setting import Setting

FAULTS: list[Fault] = []

OK = frozenset({200, 201, 204})
AWAY = frozenset({UNAVAILABLE})
REFUSED = frozenset({401})
"""What wrong credentials are answered."""
NOTHING = frozenset({0})
DAMAGED = frozenset({500})

WITHIN = {"sqlite": 5.0, "postgresql": 10.0}
"""Seconds in which each answer must have come.

On SQLite the engine waits two for a lock, and four for the disk; on PostgreSQL three for a connection and three for an
answer, and a read is asked again when its connection broke.
"""


def fault(
    name: str,
    *engines: str,
    reads: frozenset[int] = OK,
    writes: frozenset[int] = AWAY,
    wrong: frozenset[int] = REFUSED,
    rounds: int = 2,
    begins: Sequence[str] = tuple(OPERATIONS),
    setting: type[Setting] = Setting,
    options: Sequence[str] = (),
    needs: Sequence[str] = (),
) -> Callable[[Callable[[Scene], Iterator[None]]], Callable[[Scene], AbstractContextManager[None]]]:
    """What happens is a generator: up to its `yield` the fault comes about, and after it, it passes."""

    def decorate(happens: Callable[[Scene], Iterator[None]]) -> Callable[[Scene], AbstractContextManager[None]]:
        context = contextmanager(happens)
        for engine in engines:
            answers = (reads, writes, wrong, WITHIN[engine])
            FAULTS.append(Fault(name, engine, context, *answers, rounds, begins, setting, options, needs))
        return context

    return decorate
