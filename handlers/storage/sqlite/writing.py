"""Writes of requests: those that wait together share one commit."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import apsw

from ..interface import Binding, Registration, StorageUnavailable
from ..rows import registered
from . import moved_file
from .connection import away, closed, patiently, transaction
from .reading import COLUMNS, owns

Write = Callable[[apsw.Connection], Any]

_SHARE = 128
"""Writes that share a commit at the most: it bounds the wait of the first of them."""

_DEADLINE = 4.0
"""Seconds after which a write that is not on disk fails: a disk may hang."""

_BRIEFLY = 0.0005
"""Seconds that the event loop waits for the thread, where that is mostly done by then: a switch costs as much."""

REGISTER = f"""
    INSERT INTO bindings (service_sid, sid, key_sha256, identity, endpoint, binding_type, credential_sid,
                          message_types, date_created, date_updated)
    VALUES (:service_sid, :sid, :key_sha256, :identity, :endpoint, :binding_type, :credential_sid,
            :message_types, :now, :now)
    ON CONFLICT (service_sid, key_sha256) DO UPDATE
        SET credential_sid = excluded.credential_sid, message_types = excluded.message_types,
            date_updated = max(date_updated, excluded.date_updated)
        WHERE identity = excluded.identity AND endpoint = excluded.endpoint AND binding_type = excluded.binding_type
    RETURNING {COLUMNS}"""  # noqa: S608 - constants alone

DELETE = "DELETE FROM bindings WHERE service_sid = ? AND sid = ?"


def register(account_sid: str, service_sid: str, registration: Registration) -> Write:
    """Return the write that creates or updates the Binding of a device."""

    def write(connection: apsw.Connection) -> tuple[Binding, bool] | None:
        if not owns(connection, account_sid, service_sid):
            return None
        values = registered(service_sid, registration)
        # fetchall, since a statement that is not read to its end keeps the transaction from committing
        (row,) = connection.execute(REGISTER, values).fetchall()
        return Binding._make(row), row[0] == values["sid"]

    return write


def delete(account_sid: str, service_sid: str, sid: str) -> Write:
    """Return the write that deletes one Binding."""

    def write(connection: apsw.Connection) -> bool:
        if not owns(connection, account_sid, service_sid):
            return False
        connection.execute(DELETE, (service_sid, sid))
        return connection.changes() > 0

    return write


class _Job(NamedTuple):
    write: Write
    answer: "asyncio.Future[Any]"
    since: float


def ignore(_: int) -> None:
    """Ignore the size of a commit."""


class Writer:
    """Executes writes, and completes each when it is on disk.

    Writes that arrive during a commit share the next one: they are executed on the event loop, in microseconds. BEGIN,
    which waits for a lock, and COMMIT, which waits for the disk, run in a thread, one call each: a thread that returns
    to Python often waits for the loop each time. A write that is alone runs in the thread as a whole.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection = closed()
        self._is_left = False
        self._committing = asyncio.Lock()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sqlite-writer")
        self._waiting: deque[_Job] = deque()
        self._begun: Sequence[_Job] = ()
        self._working: asyncio.Task[None] | None = None
        self.on_commit: Callable[[int], object] = ignore
        """Called with the number of writes of each commit."""

    async def write(self, write: Write) -> Any:
        """Execute a write, and return its result once it is on disk. Cancelling the caller does not undo it."""
        job = _Job(write, asyncio.get_running_loop().create_future(), time.monotonic())
        self._waiting.append(job)
        if self._working is None or self._working.done():
            self._working = asyncio.create_task(self._work())
        return await asyncio.shield(job.answer)

    def expire(self) -> None:
        """Fail writes that are not on disk by the deadline. Those that have not begun are dropped."""
        late = time.monotonic() - _DEADLINE
        for job in (*self._begun, *self._waiting):
            if job.since < late and not job.answer.done():
                job.answer.set_exception(StorageUnavailable("the disk takes too long"))

    async def leave(self) -> None:
        """Leave a file that has moved: see `moved_file.leave`."""
        self._is_left = True
        async with self._committing:
            await self._in_thread(moved_file.leave, self._connection)

    async def use(self, connection: apsw.Connection) -> None:
        """Write through another connection from now on."""
        async with self._committing:
            moved_file.close(self._connection)
            self._connection, self._is_left = connection, False

    async def stop(self) -> None:
        """Execute the queue, then disconnect."""
        if self._working is not None:
            await self._working
        self._thread.shutdown()
        moved_file.close(self._connection)

    async def _work(self) -> None:
        while self._waiting:
            taken = [self._waiting.popleft() for _ in range(min(len(self._waiting), _SHARE))]
            self._begun = [job for job in taken if not job.answer.done()]
            if self._begun:
                await self._answer(self._begun)

    async def _answer(self, jobs: Sequence[_Job]) -> None:
        try:
            await patiently(self._must_stand)
            async with self._committing:
                results = await self._commit(jobs)
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

    async def _commit(self, jobs: Sequence[_Job]) -> list[Any]:
        with away():
            results = [await self._in_thread(self._do, *jobs, wait=True)] if len(jobs) == 1 else await self._share(jobs)
        self._must_stand()  # else what was committed is lost with the file
        self.on_commit(len(results))
        return results

    async def _share(self, jobs: Sequence[_Job]) -> list[Any]:
        results = []
        await self._in_thread(self._connection.execute, "BEGIN IMMEDIATE", wait=True)
        try:
            for job in jobs:
                results.append(self._result(job))
                await asyncio.sleep(0)  # reads do not wait for all of them
            await self._in_thread(self._connection.execute, "COMMIT")
        except BaseException:
            if self._connection.in_transaction:  # a full disk has rolled back already
                self._connection.execute("ROLLBACK")
            raise
        return results

    def _do(self, job: _Job) -> object:
        with transaction(self._connection):
            return self._result(job)

    def _result(self, job: _Job) -> object:
        # a lock may be waited for past the deadline: a write that has failed by then must not be done
        return None if job.answer.done() else job.write(self._connection)

    def _must_stand(self) -> None:
        if self._is_left or not moved_file.is_at(self._connection, self._path):
            raise StorageUnavailable("the database file is not at its path")

    async def _in_thread(self, do: Callable[[Any], object], argument: object, *, wait: bool = False) -> object:
        doing = self._thread.submit(do, argument)
        if wait:
            with suppress(TimeoutError):
                return doing.result(_BRIEFLY)
        return await asyncio.wrap_future(doing)


def _settle(settle: Callable[[Any], None], job: _Job, outcome: object) -> None:
    if not job.answer.done():  # `expire` may have failed it
        settle(outcome)
