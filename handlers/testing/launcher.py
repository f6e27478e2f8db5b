"""The test's end of `forks`: starts that process, and asks it."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import IO, Any, cast


class CannotServe(Exception):
    """A server cannot be had; the message says why."""


class Launcher:
    """Runs functions of `service`, each in a process of its own that is quick to start."""

    def __init__(self, folder: Path) -> None:
        """`folder` is for what the process has to complain about."""
        self._errors = folder / "errors"
        with self._errors.open("wb") as errors:
            self._process = subprocess.Popen(  # noqa: S603 - a module of ours
                [sys.executable, "-P", "-m", f"{__package__}.forks"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                start_new_session=True,  # what is typed at the terminal is for the tests: they end this one
                env={name: value for name, value in os.environ.items() if not name.startswith("CHAT_BINDINGS_")},
            )
        self._turn = Lock()
        self._questions = cast("IO[str]", self._process.stdin)
        self._answers = cast("IO[str]", self._process.stdout)

    def start(self, name: str, arguments: Sequence[object], output: Path) -> int:
        """Run a function, which writes all that it says into a file: its process id."""
        pid: int = self._ask("start", name, arguments, str(output))
        return pid

    def ended(self, pid: int) -> int | None:
        """What a process ended with; None while it runs."""
        code: int | None = self._ask("ended", pid)
        return code

    def run(self, name: str, arguments: Sequence[object], output: Path) -> int:
        """Run a function to its end: what it ended with."""
        code: int = self._ask("wait", self.start(name, arguments, output))
        return code

    def stop(self, pid: int) -> None:
        """End a process at once, if it has not ended already."""
        self._ask("stop", pid)

    def close(self) -> None:
        """End it all."""
        self._questions.close()
        self._process.wait()
        self._answers.close()

    def _ask(self, method: str, *arguments: object) -> Any:
        try:
            with self._turn:
                self._questions.write(f"{json.dumps([method, arguments])}\n")
                self._questions.flush()
                answer = self._answers.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            raise CannotServe(f"chat-bindings cannot be started.\n{self._errors.read_text(encoding='utf-8')}")
        return json.loads(answer)
