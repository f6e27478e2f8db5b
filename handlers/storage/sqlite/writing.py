"""What is written while a request runs: one thread, which lets writes that wait together share one commit."""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, NamedTuple

import apsw
import orjson
import uuid_utils

from ..interface import Binding, Registration, StorageUnavailable
from .connection import away, transaction, unique_key
from .reading import COLUMNS, owns

Write = Callable[[apsw.Connection], Any]

_SHARE = 128
"""How many writes share a commit at the most, so that the first of them does not wait for ever."""

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
    """Make or update the Binding of a device."""

    def write(connection: apsw.Connection) -> tuple[Binding, bool] | None:
        if not owns(connection, account_sid, service_sid):
            return None
        sid = f"BS{uuid_utils.uuid7().hex}"
        values = {
            "account_sid": account_sid,
            "service_sid": service_sid,
            "sid": sid,
            "key_sha256": unique_key(registration.identity, registration.endpoint, registration.binding_type),
            "message_types": orjson.dumps(registration.message_types).decode(),
            "now": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        # fetchall, since a statement that is not read to its end keeps the transaction from committing
        (row,) = connection.execute(REGISTER, registration._asdict() | values).fetchall()
        return Binding._make(row), row[0] == sid

    return write


def delete(account_sid: str, service_sid: str, sid: str) -> Write:
    """Delete one Binding."""

    def write(connection: apsw.Connection) -> bool:
        if not owns(connection, account_sid, service_sid):
            return False
        connection.execute(DELETE, (service_sid, sid))
        return connection.changes() > 0

    return write


class _Job(NamedTuple):
    work: Write
    future: "Future[Any]"
    transacted: bool


class Writer(threading.Thread):
    """Does writes one after the other and answers each when it is on disk."""

    def __init__(self, connection: apsw.Connection) -> None:
        super().__init__(name="sqlite-writer", daemon=True)
        self._connection = connection
        self._waiting: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()

    def submit(self, write: Write) -> "Future[Any]":
        """Queue a write: the future holds what it returns once it is on disk, or what it raised."""
        return self._queue(write, transacted=True)

    def maintain(self, work: Write) -> "Future[Any]":
        """Queue what cannot be done in a transaction."""
        return self._queue(work, transacted=False)

    def stop(self) -> None:
        """Do what is queued, then disconnect."""
        self._waiting.put(None)
        self.join()

    def run(self) -> None:
        going = True
        while going:
            jobs = [self._waiting.get()]
            with suppress(queue.Empty):
                while len(jobs) < _SHARE:
                    jobs.append(self._waiting.get_nowait())
            going = None not in jobs
            wanted = [job for job in jobs if job is not None and job.future.set_running_or_notify_cancel()]
            self._answer([job for job in wanted if job.transacted])
            for job in wanted:
                if not job.transacted:
                    self._answer([job])
        self._connection.close()

    def _queue(self, work: Write, *, transacted: bool) -> "Future[Any]":
        job = _Job(work, Future(), transacted)
        self._waiting.put(job)
        return job.future

    def _answer(self, jobs: list[_Job]) -> None:
        if not jobs:
            return
        try:
            results = self._do(jobs)
        except Exception as error:  # noqa: BLE001 - it is the caller's, whatever it is
            if len(jobs) == 1 or isinstance(error, StorageUnavailable):
                for job in jobs:
                    job.future.set_exception(error)
            else:
                for job in jobs:  # one write's fault is not the others'
                    self._answer([job])
        else:
            for job, result in zip(jobs, results, strict=True):
                job.future.set_result(result)

    def _do(self, jobs: list[_Job]) -> list[Any]:
        with away():
            if not all(job.transacted for job in jobs):
                return [job.work(self._connection) for job in jobs]
            with transaction(self._connection):
                return [job.work(self._connection) for job in jobs]
