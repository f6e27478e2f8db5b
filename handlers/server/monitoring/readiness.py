"""Whether a worker is ready: it is asked on a socket of its own, and asks its database before it answers."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from ... import periodic
from ...storage.interface import Storage, StorageUnavailable
from .settings import Workers

PATIENCE = 1.5
"""Seconds that a database may take to answer."""

_ANSWERED_WITHIN = 2.0
"""Seconds that a worker may take, with its database."""

_READY = "ready"
_NOBODY = "nobody"
"""A user name that no account has: looking it up is a question to the database that reveals nothing."""


@asynccontextmanager
async def answering(folder: Path, storage: Storage) -> AsyncIterator[None]:
    """Tell whoever asks this worker whether it is ready, while the block lasts."""
    question = _Question(storage)

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write((await question.obstacle() or _READY).encode())
        writer.close()

    path = _socket(folder, os.getpid())
    server = await asyncio.start_unix_server(answer, path)
    try:
        yield
    finally:
        server.close()
        question.leave()
        path.unlink(missing_ok=True)


async def obstacles(folder: Path, workers: Workers) -> list[str]:
    """Why a service is not ready, a sentence each; none when every worker is."""
    if workers.are_ending():
        return ["The service is ending."]
    pids, wanted = workers.pids(), workers.wanted()
    if len(pids) < wanted:
        return [f"Of {wanted} workers {len(pids)} are started."]
    answers = await asyncio.gather(*(_ask(_socket(folder, pid)) for pid in pids))
    return [f"Worker {pid}: {answer}." for pid, answer in zip(pids, answers, strict=True) if answer != _READY]


async def _ask(path: Path) -> str:
    try:
        async with asyncio.timeout(_ANSWERED_WITHIN):
            reader, writer = await asyncio.open_unix_connection(path)
            try:
                return (await reader.read()).decode() or "it broke off"
            finally:
                writer.close()
    except TimeoutError:
        return f"it did not answer within {_ANSWERED_WITHIN:g} seconds"
    except OSError:
        return "it is not there, or is starting"


class _Question:
    """Asks the database. What is not answered is waited for on, not asked again: nothing piles up while it hangs."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._asked: asyncio.Task[object] | None = None

    async def obstacle(self) -> str | None:
        """Why the worker or its database is not ready; None when they are."""
        if dead := periodic.dead():
            return f"the periodic task {dead[0]!r} is dead"
        if self._asked is None or self._asked.done():
            self._asked = asyncio.create_task(self._storage.credential(_NOBODY))
        answered, _ = await asyncio.wait([self._asked], timeout=PATIENCE)
        if not answered:
            return f"the database did not answer within {PATIENCE:g} seconds"
        error = self._asked.exception()
        if isinstance(error, StorageUnavailable):
            return "the database is away"
        return None if error is None else f"the database cannot be read ({type(error).__name__})"

    def leave(self) -> None:
        """Ask no more."""
        if self._asked is not None:
            self._asked.cancel()


def _socket(folder: Path, pid: int) -> Path:
    return folder / f"{pid}.sock"
