"""The client of `forks`: starts the fork server, and sends it requests."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import IO, Any, cast


class CannotServe(Exception):
    """A server cannot be started; the message has the cause."""


class Launcher:
    """Runs functions of `service`, each in a process of its own that starts quickly."""

    def __init__(self, folder: Path) -> None:
        """Write the standard error of the fork server into a file of `folder`."""
        self._errors = folder / "errors"
        with self._errors.open("wb") as errors:
            self._process = subprocess.Popen(  # noqa: S603 - a module of ours
                [sys.executable, "-P", "-m", f"{__package__}.forks"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                start_new_session=True,  # a terminal's Ctrl-C is for the tests, which end this process
                env={name: value for name, value in os.environ.items() if not name.startswith("CHAT_BINDINGS_")},
            )
        self._turn = Lock()
        self._requests = cast("IO[str]", self._process.stdin)
        self._responses = cast("IO[str]", self._process.stdout)

    def start(self, name: str, arguments: Sequence[object], output: Path) -> int:
        """Start a function, with its output in a file; return the process id."""
        pid: int = self._call("start", name, arguments, str(output))
        return pid

    def poll(self, pid: int) -> int | None:
        """Return a process's exit code; None while it runs."""
        code: int | None = self._call("poll", pid)
        return code

    def run(self, name: str, arguments: Sequence[object], output: Path) -> int:
        """Run a function to its end, and return its exit code."""
        code: int = self._call("wait", self.start(name, arguments, output))
        return code

    def stop(self, pid: int) -> None:
        """Kill a process, unless it has ended."""
        self._call("stop", pid)

    def close(self) -> None:
        """End the fork server and all its processes."""
        self._requests.close()
        self._process.wait()
        self._responses.close()

    def _call(self, method: str, *arguments: object) -> Any:
        try:
            with self._turn:
                self._requests.write(f"{json.dumps([method, arguments])}\n")
                self._requests.flush()
                response = self._responses.readline()
        except BrokenPipeError:
            response = ""
        if not response:
            raise CannotServe(f"chat-bindings cannot be started.\n{self._errors.read_text(encoding='utf-8')}")
        return json.loads(response)
