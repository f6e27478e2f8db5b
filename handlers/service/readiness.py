"""Whether a worker is ready: it is asked on a socket of its own, and asks its database before it answers."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from ..storage.interface import Storage, StorageUnavailable
from .monitoring import Workers

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

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write((await _obstacle(storage) or _READY).encode())
        writer.close()

    path = _socket(folder, os.getpid())
    server = await asyncio.start_unix_server(answer, path)
    try:
        yield
    finally:
        server.close()
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


async def _obstacle(storage: Storage) -> str | None:
    try:
        async with asyncio.timeout(PATIENCE):
            await storage.credential(_NOBODY)
    except TimeoutError:
        return f"the database did not answer within {PATIENCE:g} seconds"
    except StorageUnavailable:
        return "the database is away"
    except Exception as error:  # noqa: BLE001 - whatever it is, the worker is not ready
        return f"the database cannot be read ({type(error).__name__})"
    return None


def _socket(folder: Path, pid: int) -> Path:
    return folder / f"{pid}.sock"
