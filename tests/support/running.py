"""The real service, as a process on a free port."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Self

import httpx

from .databases import Place, locator_of
from .forking import Forked, fork

CLI = [sys.executable, "-m", "chat_bindings"]
_LISTENING = re.compile(r"serving .* at (https?://\S+),")

Process = Forked | subprocess.Popen[bytes]


def environment(**extra: str) -> dict[str, str]:
    """Return the environment without the user's own settings of chat-bindings."""
    return {name: value for name, value in os.environ.items() if not name.startswith("CHAT_BINDINGS_")} | extra


def begin(
    arguments: Sequence[object],
    streams: Sequence[IO[Any] | int],
    *,
    cwd: Path | str = ".",
    command: Sequence[object] = (),
    **variables: str,
) -> Process:
    """Start `chat-bindings` with arguments, in a test by a fork; or the given command."""
    if not command and in_a_test():
        files = [stream if isinstance(stream, int) else stream.fileno() for stream in streams]
        return fork([*map(str, arguments)], environment(**variables), Path(cwd).absolute(), files)
    stdin, stdout, stderr = streams
    return subprocess.Popen(
        [*map(str, command or [*CLI, *arguments])], stdin=stdin, stdout=stdout, stderr=stderr, cwd=cwd,
        env=environment(**variables),
    )  # fmt: skip


def run_cli(
    *arguments: object,
    stdin: str | bytes | None = None,
    timeout: float = 300,
    cwd: Path | str = ".",
    **variables: str,
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, with more variables of the environment. Returns its result, whatever the exit code."""
    with ExitStack() as stack:
        streams = [stack.enter_context(tempfile.TemporaryFile("w+", encoding="utf-8")) for _ in range(3)]
        streams[0].write(stdin.decode() if isinstance(stdin, bytes) else stdin or "")
        streams[0].seek(0)
        process = begin(arguments, streams, cwd=cwd, **variables)
        try:
            process.wait(timeout)
        finally:
            process.kill()
        for stream in streams:
            stream.seek(0)
        _, output, errors = streams
        return subprocess.CompletedProcess(arguments, process.wait(60), output.read(), errors.read())


def cli_output(*arguments: object, **options: Any) -> str:
    """Run a command, which must succeed, and return its standard output."""
    done = run_cli(*arguments, **options)
    assert done.returncode == 0, done.stderr
    return done.stdout


def cli_error(*arguments: object, **options: Any) -> str:
    """Run a command, which must end with 2, print nothing and show no traceback. Returns its standard error."""
    done = run_cli(*arguments, **options)
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


def in_a_test() -> bool:
    """Tell whether pytest runs: measurements start the command itself, and not by a fork."""
    return "PYTEST_CURRENT_TEST" in os.environ


class Service:
    """A running `chat-bindings serve`. Use it as a context manager; leaving it stops it, and checks a clean end."""

    def __init__(
        self,
        database: Place,
        *options: object,
        arguments: Sequence[object] = (),
        command: Sequence[object] = (),
        port: int = 0,
        under: Sequence[object] = (),
    ) -> None:
        """Start the service. A `port` is only needed where the log is too quiet to show it.

        `under` is the beginning of a command that becomes the service; `command` is one that serves something else.
        """
        self.database = database
        self.locator = locator_of(database)
        self.url = f"http://127.0.0.1:{port}"
        self._arguments = arguments or ("serve", "--port", port, "--database", self.locator, *options)
        self._command = command or ([*under, *CLI, *self._arguments] if under else ())
        self._ends_with = {0, -signal.SIGKILL} | ({-signal.SIGTERM, 128 + signal.SIGTERM} if command else set())
        self._port = port
        self._lines: list[str] = []
        self._output: list[str] = []
        self._listening = threading.Event()

    @property
    def log(self) -> str:
        """Its standard error so far."""
        return "".join(self._lines)

    @property
    def output(self) -> str:
        """Its standard output so far."""
        return "".join(self._output)

    @property
    def returncode(self) -> int | None:
        """Its exit code; None while it runs."""
        return self._process.poll()

    @property
    def pid(self) -> int:
        return self._process.pid

    def __enter__(self) -> Self:
        (reading, output), (listening, errors) = os.pipe(), os.pipe()
        with Path(os.devnull).open() as nothing:
            self._process = begin(self._arguments, [nothing, output, errors], command=self._command)
        os.close(output)
        os.close(errors)
        self._readers = [
            threading.Thread(target=self._read, args=pair, daemon=True)
            for pair in ((listening, self._lines), (reading, self._output))
        ]
        for reader in self._readers:
            reader.start()
        in_time = wait_until(lambda: self._began() or self.returncode is not None, 60, 0.005)
        if not in_time or self.returncode is not None:
            self.kill()
            self._close()
            raise RuntimeError(f"the service did not start: {self.log}")
        return self

    def __exit__(self, *exc_info: object) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        in_time = wait_until(lambda: self.returncode is not None, 60)
        if not in_time:
            self.kill()
        self._close()
        assert in_time, f"the service did not end within 40 seconds: {self.log}"
        assert self.returncode in self._ends_with, f"the service ended with {self.returncode}: {self.log}"

    def signal(self, number: int) -> None:
        """Send it a signal."""
        self._process.send_signal(number)

    def wait_for_workers(self, number: int) -> None:
        """Wait until so many workers have become ready, including those that ended."""
        assert wait_until(lambda: self.log.count("is ready") >= number, 60), self.log

    def ended(self, seconds: float = 40) -> int:
        """Wait for its end, and return its exit code."""
        return self._process.wait(seconds)

    def kill(self) -> None:
        """Kill it at once, as `kill -9` does."""
        self._process.kill()
        self._process.wait(60)

    def _close(self) -> None:
        for reader in self._readers:
            reader.join(60)

    def _began(self) -> bool:
        if not self._port:
            return self._listening.is_set()
        with suppress(OSError), socket.create_connection(("127.0.0.1", self._port), timeout=1):
            return True
        return False

    def _read(self, descriptor: int, lines: list[str]) -> None:
        with os.fdopen(descriptor, encoding="utf-8") as stream:
            for line in stream:
                lines.append(line)
                if match := _LISTENING.search(line):
                    self.url = match[1]
                    self._listening.set()


@contextmanager
def serve_announced(
    folder: Path, *options: object, stdin: str = "", under: Sequence[str] = (), **variables: str
) -> Iterator[tuple[dict[str, Any], Process]]:
    """Start a service that announces itself in a folder's `server.json` and logs to `log`; yield both.

    `under` is the beginning of a command that becomes the service, which must end cleanly and take the file with it.
    """
    announced, log = folder / "server.json", folder / "log"
    arguments = ["serve", "--no-docs", "--announce", announced, *options]
    command = [*under, *CLI, *arguments] if under else ()
    with tempfile.TemporaryFile() as given, Path(os.devnull).open("wb") as nothing, log.open("wb") as errors:
        given.write(stdin.encode())
        given.seek(0)
        process = begin(arguments, [given, nothing, errors], cwd=folder, command=command, **variables)
    try:
        assert wait_until(lambda: announced.exists() or process.poll() is not None, 60)
        assert process.poll() is None, log.read_text()
        yield json.loads(announced.read_text()), process
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0, log.read_text()
    assert not announced.exists()


def wait_until(true: Any, seconds: float, every: float = 0.05) -> bool:
    """Tell whether something becomes true within some seconds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(every)
    return bool(true())


def check_answering(process: subprocess.Popen[str], port: int) -> None:
    """Check that a process comes to serve on a port (401 without credentials) and does not end instead."""
    url = f"http://127.0.0.1:{port}/v2/Services/IS{0:032x}/Bindings"

    def answers() -> bool:
        try:
            return httpx.get(url, timeout=60).status_code == 401
        except httpx.TransportError:
            return process.poll() is not None

    assert wait_until(answers, 60)
    assert process.poll() is None, process.stderr and process.stderr.read()


class World:
    """A world document, with shortcuts for tests."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.a, self.b = document["accounts"]
        self.key = self.a["keys"][0]
        by_size = sorted(self.a["services"], key=lambda service: len(service["bindings"]))
        self.empty, self.hundred, self.full = by_size
        self.foreign = self.b["services"][0]

    @property
    def auth(self) -> tuple[str, str]:
        """Account A's credentials."""
        return self.a["sid"], self.a["auth_token"]

    @property
    def foreign_auth(self) -> tuple[str, str]:
        """Account B's credentials."""
        return self.b["sid"], self.b["auth_token"]

    @classmethod
    def made(cls, path: Path, seed: int = 1) -> "World":
        """Return the fixtures' world, written to `path`."""
        cli_output("fixtures", "--seed", seed, "-o", path)
        return cls(json.loads(path.read_text(encoding="utf-8")))
