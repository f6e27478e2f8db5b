"""A line of the matrix: an outage of a service with a database of its own, while every operation is called."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...support.processes import free_port
from ...support.running import Service
from ..engines import serving
from .asking import OPERATIONS, WRITES, WRONG, Asker, Outcome

RECOVERS_WITHIN = 15.0
"""Seconds in which every operation must work again once the fault is gone."""

_AGAIN = 0.02
"""Seconds between attempts to find it recovered."""

UNAVAILABLE, UNAVAILABLE_CODE = 503, 20503

OK = frozenset({200, 201, 204})
AWAY = frozenset({UNAVAILABLE})
REFUSED = frozenset({401})
"""The status of wrong credentials."""
NOTHING = frozenset({0})
DAMAGED = frozenset({500})

WITHIN = {"sqlite": 5.0, "postgresql": 10.0}
"""Seconds in which each response must have come.

SQLite waits two for a lock, and four for the disk; PostgreSQL three for a connection and three for a response, and a
read is sent again when its connection broke.
"""


@dataclass
class Scene:
    """A service with a database of its own, for one fault."""

    database: Any
    """A database of `engines`."""
    options: Sequence[str]
    under: Sequence[object] = ()
    """The beginning of a command that becomes the service."""
    files: Path = Path()
    """The folder of the small disk, or of the clock's setting."""
    standby: Any = None
    """A server that can take the place of the database's."""
    ends: ExitStack = field(default_factory=ExitStack)
    """The exit stack of the service and its surroundings."""
    port: int = field(default_factory=free_port)
    service: Service = field(init=False)
    ask: Asker = field(init=False)

    def start(self) -> None:
        """Start the service, and wait until it listens."""
        service = serving(self.database, *self.options, port=self.port, under=self.under)
        self.service = self.ends.enter_context(service)


Happens = Callable[[Scene], AbstractContextManager[None]]


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A fault. `reads`, `writes` and `wrong` are the statuses that may be answered; 0 is no response."""

    name: str
    engine: str
    happens: Happens
    reads: frozenset[int] = OK
    writes: frozenset[int] = AWAY
    wrong: frozenset[int] = REFUSED
    begins: Sequence[str] = tuple(OPERATIONS)
    """The operations that work before the fault."""
    setting: Happens = nullcontext
    """The preparation before the service starts: another database, disk, user or clock."""
    options: Sequence[str] = ()
    """Options of `serve`."""
    needs: Sequence[str] = ()
    """Tools that Python does not bring, and the fault needs."""

    def allowed(self, operation: str) -> frozenset[int]:
        """Return the statuses that an operation may be answered."""
        return self.wrong if operation == WRONG else self.writes if operation in WRITES else self.reads


FAULTS: list[Fault] = []


def fault(name: str, *engines: str, **facts: Any) -> Callable[[Callable[[Scene], Iterator[None]]], Happens]:
    """Add a fault, which is a generator: up to its `yield` it comes about, and after it, it passes."""

    def decorate(happens: Callable[[Scene], Iterator[None]]) -> Happens:
        context = contextmanager(happens)
        FAULTS.extend(Fault(name=name, engine=engine, happens=context, **facts) for engine in engines)
        return context

    return decorate


@dataclass
class Line:
    """The outcome of a fault."""

    fault: Fault
    outcomes: Sequence[Outcome]
    recovered: Mapping[str, float | None]
    """Seconds until each operation worked again; None where it did not."""
    problems: list[str]
    """Violations, a sentence each."""

    def cells(self) -> list[str]:
        """Return it as a row of the table."""
        statuses = {
            operation: dict.fromkeys(each.status for each in self.outcomes if each.operation == operation)
            for operation in OPERATIONS
        }
        times = list(self.recovered.values())
        return [
            self.fault.engine,
            self.fault.name,
            *(", ".join(str(status or "none") for status in each) for each in statuses.values()),
            f"{max(outcome.seconds for outcome in self.outcomes):.2f}",
            "never" if None in times else f"{max(times):.2f}",
            "NO" if self.problems else "yes",
        ]


def run(fault: Fault, database: Any, slack: float = 0.0) -> Line:
    """Bring a fault about, and let it pass. `slack` is seconds more for each answer, where others use the machine."""
    scene = Scene(database, fault.options)
    with fault.setting(scene):
        with scene.ends:
            line = _play(fault, scene, slack)
        line.problems += scene.database.problems()
    return line


def _play(fault: Fault, scene: Scene, slack: float) -> Line:
    scene.start()
    scene.ask = Asker(scene.service.url)
    before = [scene.ask(operation) for operation in fault.begins]
    problems = [f"{each.operation} did not work before: {each}" for each in before if not each.is_well]
    with ThreadPoolExecutor(len(OPERATIONS)) as pool:
        with fault.happens(scene):
            outcomes = [outcome for _ in range(2) for outcome in pool.map(scene.ask, OPERATIONS)]
            passes = time.monotonic()
        recovered = list(pool.map(lambda operation: _recover(scene.ask, operation, passes), OPERATIONS))
    problems += [problem for each in outcomes for problem in _judge(fault, each, slack)]
    line = Line(fault, outcomes, dict(zip(OPERATIONS, recovered, strict=True)), problems)
    problems += [f"{name} did not work again" for name, seconds in line.recovered.items() if seconds is None]
    problems += [] if problems else scene.ask.broken()
    return line


def _recover(ask: Asker, operation: str, since: float) -> float | None:
    while time.monotonic() < since + RECOVERS_WITHIN:
        if ask(operation).is_well:
            return time.monotonic() - since
        time.sleep(_AGAIN)
    return None


def _judge(fault: Fault, outcome: Outcome, slack: float) -> Iterator[str]:
    what = f"{outcome.operation}: {outcome.status}"
    if outcome.problem and outcome.status:
        yield outcome.problem
    if outcome.status not in fault.allowed(outcome.operation):
        yield f"{what}, which it may not be. {outcome.problem}".rstrip()
    if outcome.status == UNAVAILABLE and (outcome.code != UNAVAILABLE_CODE or not outcome.retry_after):
        yield f"{what} with code {outcome.code} and Retry-After {outcome.retry_after}"
    if outcome.seconds > WITHIN[fault.engine] + slack:
        yield f"{what} took {outcome.seconds:.1f} s, more than {WITHIN[fault.engine]} s"
