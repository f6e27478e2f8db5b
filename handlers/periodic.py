"""Periodic tasks. An exception does not end a task; readiness names a task that no longer runs."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field

log = logging.getLogger(__name__)

_SLACK = 60.0
"""Seconds by which a run may be late, or may last, before its task counts as stuck."""


@dataclass
class _State:
    name: str
    due: float = field(default_factory=time.monotonic)
    """The time of the next run, on the monotonic clock."""


_started: dict["asyncio.Task[None]", _State] = {}


def start(name: str, seconds: float, do: Callable[[], Awaitable[float | None]]) -> "asyncio.Task[None]":
    """Start a task that calls `do` now, and again after each call: after what it returned, or after `seconds`."""
    state = _State(name)
    task = asyncio.create_task(_repeat(state, seconds, do), name=name)
    _started[task] = state
    return task


async def stop(tasks: Iterable["asyncio.Task[None]"]) -> None:
    """Cancel tasks that `start` began, and wait for their ends."""
    for task in tasks:
        _started.pop(task, None)
        task.cancel()
        await asyncio.wait([task])


def dead() -> list[str]:
    """Return the names of this event loop's tasks that have ended or are stuck."""
    loop, late = asyncio.get_running_loop(), time.monotonic() - _SLACK
    own = [(task, state) for task, state in _started.items() if task.get_loop() is loop]
    return [state.name for task, state in own if task.done() or state.due < late]


async def _repeat(state: _State, seconds: float, do: Callable[[], Awaitable[float | None]]) -> None:
    logged = ""
    while True:
        wait = None
        try:
            wait = await do()
            logged = ""
        except Exception as error:
            if repr(error) != logged:  # once, and not four times a second
                log.exception("the periodic task %r failed, and goes on", state.name)
            logged = repr(error)
        wait = seconds if wait is None else wait
        state.due = time.monotonic() + wait
        await asyncio.sleep(wait)
