"""Readiness: each worker reports it on a Unix socket of its own, after a query to its database."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from ... import periodic
from ...storage.interface import Storage, StorageUnavailable
from .settings import Workers

DATABASE_TIMEOUT = 1.5
"""Seconds that a database may take to answer."""

_WORKER_TIMEOUT = 2.0
"""Seconds that a worker may take to answer, with its database."""

_READY = "ready"
_NOBODY = "nobody"
"""A user name that no account has: looking it up is a query that reveals nothing."""


@asynccontextmanager
async def serve_readiness(folder: Path, storage: Storage) -> AsyncIterator[None]:
    """Report this worker's readiness on its socket while the block lasts."""
    probe = _Probe(storage)

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write((await probe.obstacle() or _READY).encode())
        writer.close()

    path = _socket(folder, os.getpid())
    server = await asyncio.start_unix_server(answer, path)
    try:
        yield
    finally:
        server.close()
        probe.cancel()
        path.unlink(missing_ok=True)


async def obstacles(folder: Path, workers: Workers) -> list[str]:
    """List why a service is not ready, a sentence each; none where every worker is ready."""
    if workers.are_ending():
        return ["The service is ending."]
    pids, wanted = workers.pids(), workers.wanted()
    if len(pids) < wanted:
        return [f"{len(pids)} of {wanted} workers are started."]
    answers = await asyncio.gather(*(_ask(_socket(folder, pid)) for pid in pids))
    return [f"Worker {pid}: {answer}." for pid, answer in zip(pids, answers, strict=True) if answer != _READY]


async def _ask(path: Path) -> str:
    try:
        async with asyncio.timeout(_WORKER_TIMEOUT):
            reader, writer = await asyncio.open_unix_connection(path)
            try:
                return (await reader.read()).decode() or "it hung up"
            finally:
                writer.close()
    except TimeoutError:
        return f"it did not answer within {_WORKER_TIMEOUT:g} seconds"
    except OSError:
        return "it is starting or has ended"


class _Probe:
    """Queries the database, with one query at a time: a hanging one is awaited further and not repeated."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._query: asyncio.Task[object] | None = None

    async def obstacle(self) -> str | None:
        """Return why the worker or its database is not ready; None where both are."""
        if dead := periodic.dead():
            return f"the periodic task {dead[0]!r} is dead"
        if self._query is None or self._query.done():
            self._query = asyncio.create_task(self._storage.credential(_NOBODY))
        done, _ = await asyncio.wait([self._query], timeout=DATABASE_TIMEOUT)
        if not done:
            return f"the database did not answer within {DATABASE_TIMEOUT:g} seconds"
        error = self._query.exception()
        if isinstance(error, StorageUnavailable):
            return "the database is unavailable"
        return None if error is None else f"the database cannot be read ({type(error).__name__})"

    def cancel(self) -> None:
        if self._query is not None:
            self._query.cancel()


def _socket(folder: Path, pid: int) -> Path:
    return folder / f"{pid}.sock"
