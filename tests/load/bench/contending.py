"""The contenders: how each is started, as a process of its own on a free port of loopback, with one worker."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from ...support.guessing import UNLIMITED
from ...support.running import CLI, environment

ROOT = Path(__file__).parents[3]
PRISM = ROOT / "tests" / "load" / "bench" / "prism" / "node_modules" / ".bin" / "prism"
_STARTS_WITHIN = 60.0
_ENDS_WITHIN = 40.0
_RESTED = 0.02
"""Seconds in which a server that has nothing else to do answers."""


class Site(NamedTuple):
    """What a contender needs to be started."""

    database: Path
    spec: Path
    """The spec with examples of the world's own size, for Prism."""


class Contender(NamedTuple):
    """One of those that are compared."""

    name: str
    label: str
    command: Callable[[Site, int], Sequence[str]]
    does: frozenset[str] = frozenset()
    """See `Kind.needs`."""


def _python(name: str) -> Callable[[Site, int], Sequence[str]]:
    return lambda site, port: [sys.executable, "-m", "tests.load.bench.contenders", name, str(port)]


def served(site: Site, port: int, *options: str) -> Sequence[str]:
    """Our service with its defaults, but without limits on guesses: one kind of request has wrong credentials only."""
    where = ("--port", str(port), "--database", f"sqlite:///{site.database}")
    return [*CLI, "serve", "--log-level", "warning", *where, *UNLIMITED, *options]


def _prism(site: Site, port: int) -> Sequence[str]:
    return [str(PRISM), "mock", str(site.spec), "--port", str(port), "--verboseLevel", "silent"]


_ALL = frozenset({"lookup", "check"})

OURS = Contender("ours", "chat-bindings", served, _ALL)
LIMIT = Contender("limit", "the limit", _python("limit"), frozenset({"lookup"}))
FASTAPI = Contender("fastapi", "FastAPI", _python("fastapi_app"), _ALL)
STOCK = Contender("stock", "stock Connexion", _python("stock"), _ALL)
MOCK = Contender("prism", "Prism", _prism, frozenset({"check"}))
ONE_COMMIT = Contender("one commit", "one commit a request", _python("one_commit"))

READERS = (OURS, LIMIT, FASTAPI, STOCK, MOCK)
WRITERS = (OURS, ONE_COMMIT)


class Running(NamedTuple):
    """A contender that runs."""

    url: str
    pid: int


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def running(command: Callable[[Site, int], Sequence[str]], site: Site) -> Iterator[Running]:
    """Start a process, wait until it answers, and end it cleanly."""
    port = free_port()
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            command(site, port), stdout=log, stderr=log, env=_environment(site), cwd=ROOT, start_new_session=True
        )
        try:
            try:
                _wait(process, port)
            except RuntimeError as error:
                log.seek(0)
                raise RuntimeError(f"{error}: {log.read()[-3000:]}") from None
            yield Running(f"http://127.0.0.1:{port}", process.pid)
        finally:
            end(process)


def end(process: "subprocess.Popen[bytes]") -> None:
    """Ask for a clean end; after a while, and for what it left running, insist."""
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(_ENDS_WITHIN)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)


def answers(port: int) -> bool:
    """Whether a request is answered, with whatever status."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        return connection.recv(1024).startswith(b"HTTP/1.1 ")
    return False


def rest(url: str) -> None:
    """Wait until it has finished the rest of the last load, whose last requests were abandoned."""
    port = int(url.rpartition(":")[2])
    for _ in range(100):
        started = time.perf_counter()
        if answers(port) and time.perf_counter() - started < _RESTED:
            return
    raise RuntimeError(f"{url} does not come to rest")


def _wait(process: "subprocess.Popen[bytes]", port: int) -> None:
    deadline = time.monotonic() + _STARTS_WITHIN
    while not answers(port):
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"it did not start, {process.returncode}")
        time.sleep(0.02)


def _environment(site: Site) -> Mapping[str, str]:
    return environment(BENCH_DATABASE=str(site.database))
