"""`python -m chat_bindings.testing.forks`: a fork server, whose processes have imported everything already.

For the pytest plugin. Each line of standard input is a request in JSON, each line of standard output its response. At
the end of the input, after the tests or after the death of their process, all servers are killed: none outlives the
tests.
"""

import json
import os
import signal
import sys
import warnings
from contextlib import suppress
from importlib import import_module
from typing import Any

from ..spec import CONTRACT, CONTROL, REGISTRATION, document

_IMPORTED_LATE = ("uvicorn.lifespan.on", "uvicorn.loops.auto", "..storage.sqlite.engine", "..server.control.state")
"""Modules that a server imports at its start."""


class Forks:
    """The processes by id. Each leads a process group, with its workers."""

    def __init__(self) -> None:
        self._running: set[int] = set()

    def start(self, name: str, arguments: list[Any], output: str) -> int:
        """Start a function of `service`, with its output in a file; return the process id."""
        pid = os.fork()
        if pid == 0:
            self._running.clear()  # the parent's processes, which this one must not stop
            _become(name, arguments, output)
        self._running.add(pid)
        return pid

    def poll(self, pid: int) -> int | None:
        """Return a process's exit code; None while it runs."""
        ended, status = os.waitpid(pid, os.WNOHANG)
        return self._done(pid, status) if ended else None

    def wait(self, pid: int) -> int:
        """Wait for the end of a process, and return its exit code."""
        return self._done(pid, os.waitpid(pid, 0)[1])

    def stop(self, pid: int) -> None:
        """Kill a process and its workers."""
        if pid in self._running:
            os.kill(pid, signal.SIGKILL)  # by its id, since it may not lead its group yet
            self.wait(pid)

    def stop_all(self) -> None:
        for pid in [*self._running]:
            self.stop(pid)

    def _done(self, pid: int, status: int) -> int:
        self._running.discard(pid)
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)  # its workers
        return os.waitstatus_to_exitcode(status)


def _become(name: str, arguments: list[Any], output: str) -> None:
    """Run a function in a forked process, and exit with its result."""
    from . import service

    os.setsid()
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    file = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(file, 1)
    os.dup2(file, 2)
    sys.exit(getattr(service, name)(*arguments))


def serve() -> None:
    """Answer requests until the end of standard input."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # imports may warn, which concerns no test
        import_module(".service", __package__)
        for name in _IMPORTED_LATE:
            import_module(name, __package__)
        for name in (CONTRACT, REGISTRATION, CONTROL):
            document(name)
    forks = Forks()
    try:
        for line in sys.stdin:
            method, arguments = json.loads(line)
            answer: Any = getattr(forks, method)(*arguments)
            sys.stdout.write(f"{json.dumps(answer)}\n")
            sys.stdout.flush()
    finally:
        forks.stop_all()


if __name__ == "__main__":
    serve()
