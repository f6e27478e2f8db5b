"""`python -m chat_bindings.testing.forks`: runs commands in processes that have imported everything already.

For the pytest plugin, which starts a service for each test. Each line of standard input is a request in JSON, each of
standard output its answer; when the input ends, because the tests have or because their process was killed, everything
that still runs is ended. So a service never outlives the tests.
"""

import json
import os
import signal
import sys
import warnings
from contextlib import suppress
from importlib import import_module
from typing import Any

_COMMANDS = "..cli"
_PRELOADED = (
    f"{_COMMANDS}.import_",
    f"{_COMMANDS}.serve.command",
    "..server.faults.rules_file",
    "..server.run",
    "..storage.sqlite.administration",
    "..storage.sqlite.engine",
    "..world.loader",
    "uvicorn.lifespan.on",
    "uvicorn.loops.auto",
)
"""What a service and an import need; the modules that they would import by themselves included."""


class Forks:
    """The processes, by their ids. Each is the leader of a group, which its own workers belong to."""

    def __init__(self) -> None:
        self._running: set[int] = set()

    def start(self, arguments: list[str], output: str) -> int:
        """Run a command of `chat-bindings`, which writes all that it says into a file: its process id."""
        pid = os.fork()
        if pid == 0:
            self._running.clear()  # they are not its own, and must not end with it
            _become(arguments, output)
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


def _become(arguments: list[str], output: str) -> None:
    """Be the command from here on, in a forked process."""
    os.setsid()
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    file = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(file, 1)
    os.dup2(file, 2)
    sys.argv = ["chat-bindings", *arguments]
    import_module(_COMMANDS, __package__).main()


def serve() -> None:
    """Answer requests until there are none any more."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what is imported may warn of itself: no test asked for it
        for name in _PRELOADED:
            import_module(name, __package__)
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
