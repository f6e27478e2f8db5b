"""A line of the matrix: an outage of a service with a database of its own, while every operation is called."""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...support.running import Service
from ..bench.contending import free_port
from .asking import OPERATIONS, WRITES, WRONG, Asker, Outcome
from .setting import Setting

RECOVERS_WITHIN = 15.0
"""Seconds in which every operation must work again once the fault is gone."""

_AGAIN = 0.02
"""Seconds between tries whether it works again."""

UNAVAILABLE, UNAVAILABLE_CODE = 503, 20503


@dataclass
class Scene:
    """Where a fault plays."""

    setting: Any
    """A `Setting`, or what a fault needs of one."""
    options: Sequence[str]
    ends: ExitStack
    """In which the service ends."""
    port: int = field(default_factory=free_port)
    service: Service = field(init=False)
    ask: Asker = field(init=False)

    @property
    def database(self) -> Any:
        """A database of `engines`."""
        return self.setting.database

    def start(self) -> None:
        """Start the service, and wait until it listens."""
        arguments = ["serve", "--port", self.port, "--database", self.database.locator, "--log-level", "warning"]
        service = Service(
            Path(), arguments=[*arguments, "--no-docs", *self.options], port=self.port, under=self.setting.under
        )
        self.service = self.ends.enter_context(service)


@dataclass(frozen=True)
class Fault:
    """What goes wrong. `reads`, `writes` and `wrong` are the statuses that may be answered; 0 is no answer."""

    name: str
    engine: str
    happens: Callable[[Scene], AbstractContextManager[None]]
    reads: frozenset[int]
    writes: frozenset[int]
    wrong: frozenset[int]
    within: float
    """Seconds in which each answer must have come."""
    rounds: int
    """The number of rounds of requests."""
    begins: Sequence[str]
    """The operations that work before."""
    setting: type[Setting]
    """What the service is started in."""
    options: Sequence[str]
    """Those of `serve`."""
    needs: Sequence[str]
    """Tools that Python does not bring."""

    def allowed(self, operation: str) -> frozenset[int]:
        """The statuses that an operation may be answered."""
        return self.wrong if operation == WRONG else self.writes if operation in WRITES else self.reads


@dataclass
class Line:
    """What came of a fault."""

    fault: Fault
    outcomes: Sequence[Outcome]
    recovered: Mapping[str, float | None]
    """Seconds until each operation worked again; None where it did not."""
    problems: list[str]
    """What does not hold, a sentence each."""

    def of(self, operation: str) -> list[Outcome]:
        """The outcomes of an operation."""
        return [each for each in self.outcomes if each.operation == operation]


def run(fault: Fault, database: Any, slack: float = 0.0) -> Line:
    """Bring a fault about, and let it pass. `slack` is seconds more for each answer, where others use the machine."""
    with fault.setting(database) as setting:
        with ExitStack() as ends:
            line = _played(fault, Scene(setting, fault.options, ends), slack)
        line.problems += setting.problems()
    return line


def _played(fault: Fault, scene: Scene, slack: float) -> Line:
    scene.start()
    scene.ask = Asker(scene.service.url)
    problems = _before(fault, scene.ask)
    with fault.happens(scene):
        outcomes = _all(scene.ask, fault.rounds)
        passes = time.monotonic()
    recovered = _recovered(scene.ask, passes)
    problems += [problem for each in outcomes for problem in _judged(fault, each, slack)]
    problems += [f"{name} did not work again" for name, seconds in recovered.items() if seconds is None]
    problems += [] if problems else scene.ask.broken()
    return Line(fault, outcomes, recovered, problems)


def _before(fault: Fault, ask: Asker) -> list[str]:
    asked = [ask(operation) for operation in OPERATIONS if operation in fault.begins]
    return [f"{each.operation} did not work before: {each.status} {each.problem}" for each in asked if not each.is_well]


def _all(ask: Asker, rounds: int) -> list[Outcome]:
    """Every operation, at the same time, so many times."""
    with ThreadPoolExecutor(len(OPERATIONS)) as pool:
        return [outcome for _ in range(rounds) for outcome in pool.map(ask, OPERATIONS)]


def _recovered(ask: Asker, since: float) -> dict[str, float | None]:
    def again(operation: str) -> float | None:
        while time.monotonic() < since + RECOVERS_WITHIN:
            if ask(operation).is_well:
                return time.monotonic() - since
            time.sleep(_AGAIN)
        return None

    with ThreadPoolExecutor(len(OPERATIONS)) as pool:
        return dict(zip(OPERATIONS, pool.map(again, OPERATIONS), strict=True))


def _judged(fault: Fault, outcome: Outcome, slack: float) -> Sequence[str]:
    told = f"{outcome.operation}: {outcome.status}"
    problems = [outcome.problem] if outcome.problem and outcome.status else []
    if outcome.status not in fault.allowed(outcome.operation):
        problems.append(f"{told}, which it may not be. {outcome.problem}".rstrip())
    if outcome.status == UNAVAILABLE and (outcome.code != UNAVAILABLE_CODE or not outcome.retry_after):
        problems.append(f"{told} with code {outcome.code} and Retry-After {outcome.retry_after}")
    if outcome.seconds > fault.within + slack:
        problems.append(f"{told} took {outcome.seconds:.1f} s, more than {fault.within} s")
    return problems
