"""A fork server: one process has imported the package, and each command of the tests begins as a fork of it.

Importing takes most of the time that a command or the start of a service takes. A fork is a process like another, with
arguments, variables, streams and a folder of its own. What tests the beginning of a process itself types the command.
"""

import atexit
import gc
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from select import select
from typing import NoReturn

IMPORTED = (
    "chat_bindings.application",
    "chat_bindings.server.run",
    "chat_bindings.server.http.protocol",
    "chat_bindings.storage.postgresql.administration",
    "chat_bindings.storage.postgresql.engine",
    "chat_bindings.storage.sqlite.administration",
    "chat_bindings.storage.sqlite.engine",
    "chat_bindings.verify.run",
    "chat_bindings.world",
    "uvloop",
)
"""Imported before any command. None of them imports prometheus_client, which reads variables when it is imported."""


class Forked:
    """A process of the fork server, which is used like one of `subprocess`."""

    def __init__(self, connection: socket.socket, request: bytes, streams: Sequence[int]) -> None:
        ended, tells = os.pipe()
        socket.send_fds(connection, [len(request).to_bytes(4, "big")], [*streams, tells])
        connection.sendall(request)
        self.pid = int.from_bytes(_received(connection, 4), "big")
        os.close(tells)
        self._ended = ended
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Give the code that it ended with; None while it runs."""
        with suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end: the code, or the negative number of the signal that ended it."""
        if self.returncode is None:
            if not select([self._ended], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
            self.returncode = int.from_bytes(os.read(self._ended, 4), "big", signed=True)
            os.close(self._ended)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)


_one_at_a_time = threading.Lock()
_servers: dict[tuple[str | None, ...], tuple[socket.socket, subprocess.Popen[bytes]]] = {}


def fork(
    arguments: Sequence[str], environment: Mapping[str, str], folder: Path | str, streams: Sequence[int]
) -> Forked:
    """Begin `chat-bindings` with arguments; the streams are descriptors for standard input, output and error."""
    request = json.dumps([arguments, dict(environment), os.fspath(folder)]).encode()
    with _one_at_a_time:
        return Forked(_connection(environment), request, streams)


_COMMAND = """#!{python} -IS
import json, os, signal, socket, sys
server = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
server.connect({address!r})
request = json.dumps([sys.argv[1:], dict(os.environ), os.getcwd()])
socket.send_fds(server, [request.encode()], [0, 1, 2])
pid = int(server.recv(20))
signal.signal(signal.SIGTERM, lambda *_: os.kill(pid, signal.SIGTERM))
sys.exit(int(server.recv(20)))
"""
"""A program that is `chat-bindings`, but for its beginning."""


@contextmanager
def typed(folder: Path) -> Iterator[None]:
    """Have a program `chat-bindings` in a folder, for shells: each time it is typed, it begins by a fork."""
    program, address = folder / "chat-bindings", str(folder / "forks")
    program.write_text(_COMMAND.format(python=sys.executable, address=address))
    program.chmod(0o700)

    def serve_one(connection: socket.socket) -> None:
        with connection:
            request, streams, *_ = socket.recv_fds(connection, 1 << 20, 3)
            process = fork(*json.loads(request), streams)
            for stream in streams:
                os.close(stream)
            connection.send(str(process.pid).encode())
            connection.send(str(process.wait()).encode())

    def accept() -> None:
        with suppress(OSError):  # it is closed
            while True:
                threading.Thread(target=serve_one, args=[listener.accept()[0]], daemon=True).start()

    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(address)
        listener.listen()
        threading.Thread(target=accept, daemon=True).start()
        yield
        listener.shutdown(socket.SHUT_RDWR)


def _connection(environment: Mapping[str, str]) -> socket.socket:
    """Connect with the fork server of what Python and coverage read when they begin."""
    begins = tuple(environment.get(name) for name in ("COVERAGE_PROCESS_CONFIG", "PYTHONPATH", "PYTHONWARNINGS"))
    if begins not in _servers:
        ours, theirs = socket.socketpair()
        code = f"from tests.support.forking import serve; serve({theirs.fileno()})"
        with theirs:
            server = subprocess.Popen(  # it ends with this process, which holds the other end
                [sys.executable, "-c", code],
                cwd=Path(__file__).parents[2],
                env=environment,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )
        _servers[begins] = ours, server
    return _servers[begins][0]


def serve(descriptor: int) -> None:
    """Fork for each request until the tests end."""
    for module in IMPORTED:
        import_module(module)
    commands = import_module("chat_bindings.cli").COMMANDS.values()
    for command in commands:
        import_module(f"chat_bindings.cli.{command.partition(':')[0]}")
    gc.collect()
    gc.freeze()  # what is imported is shared, and not looked through by each fork
    waking, woken = os.pipe()
    os.set_blocking(woken, False)
    signal.set_wakeup_fd(woken)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    running: dict[int, int] = {}
    connection = socket.socket(fileno=descriptor)
    while True:
        ready = select([connection, waking], [], [])[0]
        if waking in ready:
            os.read(waking, 512)
            _tell_ends(running)
        if connection not in ready:
            continue
        length, descriptors, _, _ = socket.recv_fds(connection, 4, 4)
        if not length:
            os._exit(0)
        request = _received(connection, int.from_bytes(length, "big"))
        pid = os.fork()
        if not pid:
            signal.set_wakeup_fd(-1)
            for other in (connection.detach(), waking, woken, *running.values()):
                os.close(other)
            _become(*json.loads(request), descriptors)
        for stream in descriptors[:3]:
            os.close(stream)
        running[pid] = descriptors[3]
        connection.sendall(pid.to_bytes(4, "big"))


def _tell_ends(running: dict[int, int]) -> None:
    while running:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        tells = running.pop(pid)
        with suppress(BrokenPipeError):  # nobody waits for it any more
            os.write(tells, os.waitstatus_to_exitcode(status).to_bytes(4, "big", signed=True))
        os.close(tells)


def _become(arguments: list[str], environment: dict[str, str], folder: str, descriptors: list[int]) -> NoReturn:
    """Become `chat-bindings`, as a new process begins."""
    for number, stream in enumerate(descriptors[:3]):
        os.dup2(stream, number)
    for stream in descriptors:
        os.close(stream)
    for number in (signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv[:] = ["chat-bindings", *arguments]
    code = 1
    try:
        import_module("chat_bindings.cli").main()
    except SystemExit as end:
        code = int(end.code or 0)
    except BaseException:  # noqa: BLE001 - as a process ends that nobody catches anything in
        traceback.print_exc()
    threading._shutdown()  # type: ignore[attr-defined]  # noqa: SLF001 - all of an end, but for what frees memory
    atexit._run_exitfuncs()  # noqa: SLF001
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _received(connection: socket.socket, length: int) -> bytes:
    received = b""
    while len(received) < length:
        more = connection.recv(length - len(received))
        if not more:
            raise RuntimeError("the fork server has ended")
        received += more
    return received
