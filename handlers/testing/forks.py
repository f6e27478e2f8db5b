"""`python -m chat_bindings.testing.forks`: runs servers in processes that have imported everything already.

For the pytest plugin. Each line of standard input is a request in JSON, each of standard output its answer; when the
input ends, because the tests have or because their process was killed, everything that still runs is ended. So a
server never outlives the tests.
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
"""What a server imports by itself when it starts."""


class Forks:
    """The processes, by their ids. Each is the leader of a group, which its own workers belong to."""

    def __init__(self) -> None:
        self._running: set[int] = set()

    def start(self, name: str, arguments: list[Any], output: str) -> int:
        """Run a function of `service`, which writes all that it says into a file: its process id."""
        pid = os.fork()
        if pid == 0:
            self._running.clear()  # they are not its own, and must not end with it
            _become(name, arguments, output)
        self._running.add(pid)
        return pid

    def ended(self, pid: int) -> int | None:
        """What a process ended with; None while it runs."""
        ended, status = os.waitpid(pid, os.WNOHANG)
        return self._done(pid, status) if ended else None

    def wait(self, pid: int) -> int:
        """Wait for the end of a process: what it ended with."""
        return self._done(pid, os.waitpid(pid, 0)[1])

    def stop(self, pid: int) -> None:
        """End a process and its workers at once."""
        if pid in self._running:
            os.kill(pid, signal.SIGKILL)  # it may not lead its group yet
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
    """Be a function from here on, in a forked process."""
    from . import service

    os.setsid()
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    file = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(file, 1)
    os.dup2(file, 2)
    sys.exit(getattr(service, name)(*arguments))


def serve() -> None:
    """Answer requests until there are none any more."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what is imported may warn of itself: no test asked for it
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
