"""Writes of requests: those that wait together share one commit."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import apsw

from ..interface import Binding, Registration, StorageUnavailable
from ..rows import REGISTERED, register_statement, registered
from .calls import Call, Calls
from .connection import closed, retry, storage_errors
from .moved_file import Place
from .reading import OWNED, owns

Write = Callable[[apsw.Connection], Any]

_SHARE = 128
"""Writes that share a commit at the most: it bounds the wait of the first of them."""

_DEADLINE = 4.0
"""Seconds after which a write that is not on disk fails: a disk may hang."""

_BRIEFLY = 0.0005
"""Seconds for which the event loop blocks on the thread, which has mostly ended by then."""

_LONE = 3
"""Commits of one write each after which the next one is not delayed for others to share its commit."""

_RUN = 8
"""Writes of a shared commit that are executed before reads get their turn."""

REGISTER = register_statement(lambda name: f"?{REGISTERED.index(name) + 1}", OWNED, "max")

DELETE = f"""
    DELETE FROM bindings WHERE service_sid = ?1 AND sid = ?2
    AND EXISTS (SELECT 1 FROM {OWNED} WHERE account_sid = ?3 AND services.sid = ?1)"""  # noqa: S608 - likewise


def register(account_sid: str, service_sid: str, registration: Registration) -> Write:
    """Return the write that creates or updates the Binding of a device."""

    def write(connection: apsw.Connection) -> tuple[Binding, bool] | None:
        sid, values = registered(account_sid, service_sid, registration)
        # fetchall, since a statement that is not read to its end keeps the transaction from committing
        rows = connection.execute(REGISTER, values).fetchall()
        if not rows and not owns(connection, account_sid, service_sid):
            return None
        (row,) = rows
        return Binding._make(row), row[0] == sid

    return write


def delete(account_sid: str, service_sid: str, sid: str) -> Write:
    """Return the write that deletes one Binding."""

    def write(connection: apsw.Connection) -> bool:
        connection.execute(DELETE, (service_sid, sid, account_sid))
        return connection.changes() > 0

    return write


class _Job(NamedTuple):
    write: Write
    answer: "asyncio.Future[Any]"
    since: float


class Writer:
    """Executes writes, and completes each when it is on disk.

    Writes that arrive during a commit share the next one. They are executed on the event loop, in microseconds, and in
    a thread BEGIN, which waits for a lock, and COMMIT, which waits for the disk: one call each, since a thread that
    returns to Python waits for the loop. A lone write runs in the thread as a whole, at once after other lone ones.
    """

    def __init__(self, place: Place, on_commit: Callable[[int], object]) -> None:
        """Call `on_commit` with the number of writes of each commit."""
        self._place = place
        self._on_commit = on_commit
        self._connection = closed()
        self._sharing = asyncio.Lock()
        self._calls = Calls("sqlite-writer")
        self._lone = 0
        """The number of the last commits that were of one write."""
        self._waiting: deque[_Job] = deque()
        self._begun: Sequence[_Job] = ()
        self._working: asyncio.Task[None] | None = None
        self._executing: _Job | None = None
        """The write that commits by itself."""

    async def write(self, write: Write) -> Any:
        """Execute a write, and return its result once it is on disk. Cancelling the caller does not undo it."""
        job = _Job(write, asyncio.get_running_loop().create_future(), time.monotonic())
        if self._is_working():
            self._waiting.append(job)
        else:
            begun = None
            if self._lone >= _LONE and self._place.holds():
                self._lone = 0
                begun = self._calls.begin(self._execute, job)
                if begun.ends_within(_BRIEFLY):
                    asyncio.get_running_loop().call_soon(self._end_turn)
                    (result,) = await self._commit([job], begun)
                    return result
            self._working = asyncio.create_task(self._work(job, begun))
        return await asyncio.shield(job.answer)

    async def expire(self) -> None:
        """Fail writes that are not on disk by the deadline. Those that have not begun are dropped."""
        late = time.monotonic() - _DEADLINE
        for job in (*self._begun, *self._waiting):
            if job.since < late and not job.answer.done():
                job.answer.set_exception(StorageUnavailable("the disk takes too long"))

    async def leave(self) -> None:
        """Leave a file that has moved: see `Place.leave`."""
        async with self._sharing:
            await self._calls.begin(self._place.leave, self._connection).wait()

    async def use(self, connection: apsw.Connection) -> None:
        """Write through another connection from now on."""
        async with self._sharing:
            await self._calls.begin(self._place.close, self._connection).wait()
            self._connection = connection
            connection.set_commit_hook(self._has_failed)

    async def stop(self) -> None:
        """Execute the queue, then disconnect."""
        if self._working is not None:
            await self._working
        self._calls.stop()
        self._place.close(self._connection)

    def _is_working(self) -> bool:
        return self._working is not None and not self._working.done()

    def _end_turn(self) -> None:
        """End the turn of the event loop in which a write was alone: one that came in the same turn is not."""
        if not self._is_working():
            self._lone = _LONE

    async def _work(self, job: _Job, begun: Call | None) -> None:
        # one turn of the event loop after the first write: those that came in the same turn are waiting by now
        taken = [job] if begun else [job, *self._take(_SHARE - 1)]
        while taken:
            self._begun = [job for job in taken if not job.answer.done()]
            if self._begun:
                await self._answer(self._begun, begun)
            self._lone = self._lone + 1 if len(taken) == 1 and not self._waiting else 0
            taken, begun = self._take(_SHARE), None

    def _take(self, most: int) -> list[_Job]:
        return [self._waiting.popleft() for _ in range(min(len(self._waiting), most))]

    async def _answer(self, jobs: Sequence[_Job], begun: Call | None = None) -> None:
        try:
            if begun is None:
                await retry(self._must_hold)
            results = await self._commit(jobs, begun)
        except Exception as error:  # noqa: BLE001 - it is the caller's, whatever it is
            if len(jobs) == 1 or isinstance(error, StorageUnavailable):
                for job in jobs:
                    _settle(job.answer.set_exception, job, error)
            else:
                for job in jobs:  # one write's fault is not the others'
                    await self._answer([job])
        else:
            for job, result in zip(jobs, results, strict=True):
                _settle(job.answer.set_result, job, result)

    async def _commit(self, jobs: Sequence[_Job], begun: Call | None) -> list[Any]:
        with storage_errors():
            if begun:
                results = [await begun.wait()]
            elif len(jobs) == 1:
                results = [await self._calls.begin(self._execute, jobs[0]).wait(_BRIEFLY)]
            else:
                async with self._sharing:
                    results = await self._share(jobs)
                    self._must_hold()
        self._on_commit(len(results))
        return results

    async def _share(self, jobs: Sequence[_Job]) -> list[Any]:
        results = []
        await self._calls.begin(self._connection.execute, "BEGIN IMMEDIATE").wait(_BRIEFLY)
        try:
            for number, job in enumerate(jobs):
                if number % _RUN == _RUN - 1:
                    await asyncio.sleep(0)
                results.append(self._result(job))
            await self._calls.begin(self._connection.execute, "COMMIT").wait()
        except BaseException:
            if self._connection.in_transaction:  # a full disk has rolled back already
                self._connection.execute("ROLLBACK")
            raise
        return results

    def _execute(self, job: _Job) -> object:
        self._executing = job
        try:
            result = self._result(job)
        except apsw.ConstraintError:
            if not job.answer.done():
                raise
            return None
        finally:
            self._executing = None
        self._must_hold()  # here, where `leave` and `use` come before or after it
        return result

    def _has_failed(self) -> bool:
        """Return whether the write failed while it waited for a lock: SQLite rolls it back then."""
        return self._executing is not None and self._executing.answer.done()

    def _result(self, job: _Job) -> object:
        # a write may wait past its deadline, and one that has failed by then must not be done
        return None if job.answer.done() else job.write(self._connection)

    def _must_hold(self) -> None:
        """Raise `StorageUnavailable` where the file has moved: what is or was committed is lost with it."""
        if not self._place.holds():
            raise StorageUnavailable("the database file is not at its path")


def _settle(settle: Callable[[Any], None], job: _Job, outcome: object) -> None:
    if not job.answer.done():  # `expire` may have failed it
        settle(outcome)
