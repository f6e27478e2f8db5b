"""A fork server: one process has imported the package, and each command of the tests begins as a fork of it.

Importing takes most of the time that a command or the start of a service takes. A fork is a process like another, with
arguments, variables, streams and a folder of its own. What tests the beginning of a process itself types the command.

Each process has a connection with the fork server: a request with the streams goes one way, the process id and, in the
end, the exit code the other.
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
from collections.abc import Mapping, Sequence
from contextlib import suppress
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
"""Modules imported before any command. None imports prometheus_client, which reads variables at import."""

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
"""A program that is `chat-bindings`, but for its start-up."""


class Forked:
    """A process of the fork server, with the interface of `subprocess`."""

    def __init__(self, address: bytes, request: bytes, streams: Sequence[int]) -> None:
        self._server = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._server.connect(address)
        socket.send_fds(self._server, [request], streams)
        self.pid = int(self._server.recv(20))
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return its exit code; None while it runs."""
        with suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end, and return its code, or the negative number of the signal that ended it."""
        if self.returncode is None:
            if not select([self._server], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
            self.returncode = int(self._server.recv(20))
            self._server.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill it at once."""
        self.send_signal(signal.SIGKILL)


_one_at_a_time = threading.Lock()
_servers: dict[tuple[str | None, ...], tuple[bytes, subprocess.Popen[bytes]]] = {}


def fork(
    arguments: Sequence[str], environment: Mapping[str, str], folder: Path | str, streams: Sequence[int]
) -> Forked:
    """Start `chat-bindings` with arguments; the streams are descriptors for standard input, output and error."""
    request = json.dumps([arguments, dict(environment), os.fspath(folder)]).encode()
    return Forked(_address(environment), request, streams)


def write_program(folder: Path) -> None:
    """Write a program `chat-bindings` into a folder, for shells: each time it is typed, it begins by a fork."""
    program = folder / "chat-bindings"
    program.write_text(_COMMAND.format(python=sys.executable, address=_address(os.environ)))
    program.chmod(0o700)


def _address(environment: Mapping[str, str]) -> bytes:
    """Return the address of the fork server of what Python and coverage read when they begin."""
    begins = tuple(environment.get(name) for name in ("COVERAGE_PROCESS_CONFIG", "PYTHONPATH", "PYTHONWARNINGS"))
    with _one_at_a_time:
        if begins not in _servers:
            with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
                listener.bind(b"")  # the kernel chooses an address, which is no file
                listener.listen(128)
                code = f"from tests.support.forking import serve; serve({listener.fileno()})"
                server = subprocess.Popen(  # it ends with this process, which holds the other end of its input
                    [sys.executable, "-c", code],
                    cwd=Path(__file__).parents[2],
                    env=environment,
                    pass_fds=[listener.fileno()],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                )
                _servers[begins] = listener.getsockname(), server
        return _servers[begins][0]


def serve(descriptor: int) -> NoReturn:
    """Fork for each connection until the tests end."""
    for module in IMPORTED:
        import_module(module)
    commands = import_module("chat_bindings.cli").COMMANDS.values()
    for command in commands:
        import_module(f"chat_bindings.cli.{command.partition(':')[0]}")
    gc.collect()
    gc.freeze()  # what is imported is shared, and not looked through by each fork
    running: dict[int, tuple[int, socket.socket]] = {}
    listener = socket.socket(fileno=descriptor)
    while True:
        for ready in select([0, descriptor, *running], [], [])[0]:
            if ready == 0:
                os._exit(0)
            elif ready == descriptor:
                client, _ = listener.accept()
                request, streams, *_ = socket.recv_fds(client, 1 << 20, 3)
                pid = os.fork()
                if not pid:
                    _become(*json.loads(request), streams)
                for stream in streams:
                    os.close(stream)
                client.send(str(pid).encode())
                running[os.pidfd_open(pid)] = pid, client
            else:
                pid, client = running.pop(ready)
                os.close(ready)
                with client, suppress(OSError):  # nobody waits for it any more
                    client.send(str(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])).encode())


def _become(arguments: list[str], environment: dict[str, str], folder: str, streams: list[int]) -> NoReturn:
    """Become `chat-bindings`, as a new process begins."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    os.closerange(3, 1024)  # the connections of the others
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
