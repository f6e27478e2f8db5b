"""The servers of tests: real ones, each in a process and with a database of its own."""

import hashlib
import json
import re
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from .client import Client, Refused
from .launcher import CannotServe, Launcher
from .world import HeldWorld, World, token

Faults = Mapping[str, Any] | str | Path | bool | None
"""Rules as for `serve --fault-rules`, their file, or True for faults by the `Prefer` header alone."""

_TIMEOUT, _EVERY = 60.0, 0.01
"""Seconds for a server's start, and between checks for it."""

_LISTENING = re.compile(r" at (https?://\S+), workers: ")
_READY = " is ready"
_OWN = (
    *("--host", "--port", "--database", "--demo", "--log-level", "--tls-cert", "--tls-key"),
    *("--faults", "--fault-rules", "--faults-for-all"),
)
"""Options of `serve` that tests cannot set, or set by an argument of the marker."""


class ChatBindingsServer:
    """A running server for one test."""

    def __init__(self, url: str, world: HeldWorld, log_file: Path, log_begins: int = 0) -> None:
        self.url = url
        """Its URL, such as `http://127.0.0.1:40123`."""
        self._world = world
        self._log_file = log_file
        self._log_begins = log_begins
        self._final_log: str | None = None
        self._client = Client(url)

    @property
    def world(self) -> Mapping[str, Any]:
        """Return its world at the start: a document as for `import` and `export`."""
        return self._world.document

    @property
    def account_sid(self) -> str:
        """Return the SID of its world's first account. Raises `LookupError`."""
        return str(self._world.account["sid"])

    @property
    def auth_token(self) -> str:
        """Return the auth token of that account. Raises `LookupError`."""
        return token(self._world.account)

    @property
    def auth(self) -> tuple[str, str]:
        """Return the SID and the token, as HTTP clients take them."""
        return self.account_sid, self.auth_token

    @property
    def service_sid(self) -> str:
        """Return the SID of its world's first service. Raises `LookupError`."""
        return self._world.service_sid

    @property
    def log(self) -> str:
        """Return its log so far."""
        if self._final_log is None:
            return self._log_file.read_bytes()[self._log_begins :].decode(errors="replace")
        return self._final_log

    def end(self) -> None:
        """Keep the log, whose file is about to be removed, and close connections."""
        self._final_log = self.log
        self._client.close()

    def bindings(self, *, service_sid: str | None = None) -> list[dict[str, Any]]:
        """List all Bindings of a service, as the API shows them. Fault rules do not apply."""
        return self._client.bindings(*self._target(service_sid))

    def register(  # noqa: PLR0913 - the properties of a device
        self,
        *,
        identity: str | None = None,
        endpoint: str | None = None,
        binding_type: str | None = None,
        credential_sid: str | None = None,
        message_types: Sequence[str] | None = None,
        service_sid: str | None = None,
    ) -> dict[str, Any]:
        """Register a device and return its Binding; missing properties are those of the spec's example.

        Fault rules do not apply.
        """
        given = {
            "identity": identity,
            "endpoint": endpoint,
            "binding_type": binding_type,
            "credential_sid": credential_sid,
            "message_types": message_types,
        }
        own = {name: value for name, value in given.items() if value is not None}
        return self._client.register(*self._target(service_sid), own)

    def requests(self, **filters: object) -> list[dict[str, Any]]:
        """List the requests so far, oldest first; `filters` are the parameters of `listRequests` in the control API."""
        return self._client.requests(filters)

    def set_faults(self, rules: Mapping[str, Any]) -> None:
        """Replace the fault rules, until the end of the test."""
        self._client.set_faults(rules)

    def _target(self, service_sid: str | None) -> tuple[tuple[str, str], str]:
        sid = service_sid or self.service_sid
        owner = self._world.owner(sid)
        return (str(owner["sid"]), token(owner)), sid


class KeptServer:
    """A server that tests use one after another."""

    def __init__(self, held: HeldWorld, url: str, log_file: Path, client: Client) -> None:
        self.url = url
        self.log_file = log_file
        self._held = held
        self._client = client

    def reset(self, held: HeldWorld) -> bool:
        """Reset it to a world; return whether it still runs. Raises `CannotServe` for an invalid world."""
        try:
            if held.document == self._held.document:
                self._client.reset()
            else:
                self._client.set_world(held.document)
                self._held = held
        except OSError:
            return False
        except Refused as error:
            raise CannotServe(f"The world cannot be imported. {error}") from None
        return True


class ServerFactory:
    """Makes servers. Each world is imported once, and each server gets a copy of that database."""

    def __init__(self, folder: Path) -> None:
        """Use `folder` for databases and logs: it exists, and is for this factory alone."""
        self.running: list[ChatBindingsServer] = []
        self.failed: list[ChatBindingsServer] = []
        """Servers whose block ended with an exception; the report of the test clears them."""
        self._folder = folder
        self._launcher = Launcher(folder)
        self._demo = HeldWorld.of(None)
        self._databases: dict[bytes, Path] = {}
        self._kept: dict[bool, KeptServer] = {}
        self._stack = ExitStack()
        self._made = 0

    @contextmanager
    def __call__(
        self,
        *,
        world: World = None,
        faults: Faults = None,
        registration: bool = True,
        options: Sequence[str] = (),
    ) -> Iterator[ChatBindingsServer]:
        """Run a server while the block lasts.

        `world` is a document as for `import`, or its file; without it the server has the Binding of Twilio's page.
        `faults` are rules as for `serve --fault-rules`, or their file, or True for faults by the `Prefer` header alone.
        `options` are further ones of `serve`. Raises `CannotServe`.
        """
        held = self._demo if world is None else _read(world)
        with self._start(held, faults, options, registration=registration) as (url, log_file, _):
            server = ChatBindingsServer(url, held, log_file)
            with self._track(server):
                yield server

    @contextmanager
    def kept(self, *, world: World = None, registration: bool = True) -> Iterator[ChatBindingsServer]:
        """Yield the kept server, reset to a world; start it unless it runs."""
        held = self._demo if world is None else _read(world)
        kept = self._kept.get(registration)
        if kept is None or not kept.reset(held):
            started = self._stack.enter_context(self._start(held, None, (), registration=registration))
            kept = self._kept[registration] = KeptServer(held, *started)
        server = ChatBindingsServer(kept.url, held, kept.log_file, kept.log_file.stat().st_size)
        with self._track(server):
            yield server

    @contextmanager
    def _start(
        self, held: HeldWorld, faults: Faults, options: Sequence[str], *, registration: bool
    ) -> Iterator[tuple[str, Path, Client]]:
        folder = self._new_folder()
        database = shutil.copytree(self._database(held), folder / "database") / "world.db"
        wanted = {
            "database": _locator(database),
            "faults": _fault_rules(faults, folder),
            "registration": registration,
            "options": _check(options),
        }
        log_file = folder / "log"
        pid = self._launcher.start("serve", [wanted], log_file)
        try:
            url = self._url(pid, log_file)
            with closing(Client(url)) as client:
                yield url, log_file, client
        finally:
            self._launcher.stop(pid)
            shutil.rmtree(folder)

    def close(self) -> None:
        """End every server and remove all files."""
        self._stack.close()
        self._launcher.close()
        shutil.rmtree(self._folder)

    @contextmanager
    def _track(self, server: ChatBindingsServer) -> Iterator[None]:
        self.running.append(server)
        try:
            yield
        except BaseException:
            self.failed.append(server)
            raise
        finally:
            self.running.remove(server)
            server.end()

    def _new_folder(self) -> Path:
        self._made += 1
        folder = self._folder / str(self._made)
        folder.mkdir()
        return folder

    def _database(self, world: HeldWorld) -> Path:
        """Return the folder of an unused database with a world; servers get copies."""
        text = json.dumps(world.document).encode()
        key = hashlib.sha256(text).digest()
        if key not in self._databases:
            folder = self._new_folder()
            (folder / "database").mkdir()
            file, output = folder / "world.json", folder / "output"
            file.write_bytes(text)
            locator = _locator(folder / "database" / "world.db")
            if self._launcher.run("import_world", [str(file), locator], output):
                raise CannotServe(f"The world cannot be imported. {output.read_text(encoding='utf-8')}")
            self._databases[key] = folder / "database"
        return self._databases[key]

    def _url(self, pid: int, log_file: Path) -> str:
        """Wait until a server accepts requests, and return its URL."""
        deadline = time.monotonic() + _TIMEOUT
        while time.monotonic() < deadline:
            code = self._launcher.poll(pid)
            log = log_file.read_text(encoding="utf-8", errors="replace") if log_file.exists() else ""
            if code is not None:
                raise CannotServe(f"The server ended with {code}.\n{log}")
            listening = _LISTENING.search(log)
            if listening and _READY in log:
                return listening[1]
            time.sleep(_EVERY)
        raise CannotServe(f"The server was not ready after {_TIMEOUT:.0f} seconds.\n{log}")


def _read(world: World) -> HeldWorld:
    try:
        return HeldWorld.of(world)
    except (OSError, ValueError) as error:
        raise CannotServe(f"The world cannot be read: {error}.") from None


def _locator(database: Path) -> str:
    return f"sqlite:///{quote(str(database))}"


def _fault_rules(faults: Faults, folder: Path) -> str | bool | None:
    """Return the file of the rules, or whether faults are on at all."""
    if faults is None or isinstance(faults, bool):
        return faults
    if isinstance(faults, str | Path):
        return str(faults)
    file = folder / "rules.json"
    file.write_text(json.dumps(faults), encoding="utf-8")
    return str(file)


def _check(options: Sequence[str]) -> list[str]:
    for option in options:
        if str(option).partition("=")[0] in _OWN:
            raise CannotServe(f"The option {option} is not for tests: each server has its own address and database.")
    return [*map(str, options)]
