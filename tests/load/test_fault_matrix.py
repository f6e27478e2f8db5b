"""The matrix of faults that `make faults` prints, with time to spare: other tests use the machine."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from ..support.tools import missing
from .engines import ENGINES, Databases
from .faults import FAULTS
from .faults.__main__ import BINDINGS
from .faults.matrix import Fault, Line, run
from .worlds import Population

pytestmark = [pytest.mark.ci("takes the database and the disk away, one at a time"), pytest.mark.long]

_BUILD = Path(__file__).parents[2] / "build"

SLACK = 10.0
"""Seconds more that an answer may take."""

_AT_ONCE = {"sqlite": 4, "postgresql": 1}
"""Lines that run at the same time: each mostly waits, but those of PostgreSQL share a server."""


Lines = dict[tuple[str, str], Future[Line]]


@pytest.fixture(scope="module")
def lines() -> Iterator[Lines]:
    """Run each fault whose tools are there, by its engine and name.

    The databases are on the disk: a file system in memory has no immutable files.
    """
    _BUILD.mkdir(exist_ok=True)
    with ExitStack() as ends:
        folders = {engine: Path(ends.enter_context(TemporaryDirectory(dir=_BUILD))) for engine in ENGINES}
        makers = {
            engine: ends.enter_context(databases(folders[engine], Population(BINDINGS).lines()))
            for engine, databases in ENGINES.items()
        }
        pools = {engine: ends.enter_context(ThreadPoolExecutor(number)) for engine, number in _AT_ONCE.items()}
        yield {
            (fault.engine, fault.name): pools[fault.engine].submit(_run, fault, makers[fault.engine])
            for fault in FAULTS
            if not any(map(missing, fault.needs))
        }


def _run(fault: Fault, make: Databases) -> Line:
    return run(fault, make(), SLACK)


@pytest.mark.parametrize(
    "fault",
    [pytest.param(each, marks=pytest.mark.needs(*each.needs), id=f"{each.engine}: {each.name}") for each in FAULTS],
)
def test_a_fault_is_answered_for_and_passes(lines, fault: Fault):
    """While something is wrong each operation is answered as it may be, in time; then all works, and all holds."""
    assert lines[fault.engine, fault.name].result().problems == []
