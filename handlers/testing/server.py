"""The servers that tests get: each the real one, in a process and with a database of its own."""

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
"""Rules as `serve --fault-rules` takes them, their file, or True for none beside what requests ask for."""

_PATIENCE, _EVERY = 60.0, 0.01
"""Seconds that a server has until it answers, and after which it is looked for again."""

_LISTENING = re.compile(r" at (https?://\S+), workers: ")
_READY = " is ready"
_OWN = (
    *("--host", "--port", "--database", "--demo", "--log-level", "--tls-cert", "--tls-key"),
    *("--faults", "--fault-rules", "--faults-for-all"),
)
"""Options of `serve` that a test cannot choose, or has a name of its own for."""


class ChatBindingsServer:
    """A running server that nobody else uses."""

    def __init__(self, url: str, world: HeldWorld, log_file: Path, log_begins: int = 0) -> None:
        self.url = url
        """Where it is, such as `http://127.0.0.1:40123`."""
        self._world = world
        self._log_file = log_file
        self._log_begins = log_begins
        self._final_log: str | None = None
        self._client = Client(url)

    @property
    def world(self) -> Mapping[str, Any]:
        """What it held when it was started: the document of `import` and `export`."""
        return self._world.document

    @property
    def account_sid(self) -> str:
        """The first account of its world."""
        return str(self._world.account["sid"])

    @property
    def auth_token(self) -> str:
        """The auth token of that account."""
        return token(self._world.account)

    @property
    def auth(self) -> tuple[str, str]:
        """Both, as HTTP clients take them."""
        return self.account_sid, self.auth_token

    @property
    def service_sid(self) -> str:
        """The first service of its world."""
        return self._world.service_sid

    @property
    def log(self) -> str:
        """All that it has logged."""
        if self._final_log is None:
            return self._log_file.read_bytes()[self._log_begins :].decode(errors="replace")
        return self._final_log

    def ended(self) -> None:
        """Keep the log: its file goes now."""
        self._final_log = self.log
        self._client.close()

    def bindings(self, *, service_sid: str | None = None) -> list[dict[str, Any]]:
        """All Bindings that a service holds now, as the API shows them. No rule of faults counts or changes it."""
        return self._client.bindings(*self._asking(service_sid))

    def register(  # noqa: PLR0913 - what a device says of itself
        self,
        *,
        identity: str | None = None,
        endpoint: str | None = None,
        binding_type: str | None = None,
        credential_sid: str | None = None,
        message_types: Sequence[str] | None = None,
        service_sid: str | None = None,
    ) -> dict[str, Any]:
        """Register a device, as devices do: its Binding. What is left out is as in the spec's example.

        No rule of faults counts or changes it.
        """
        given = {
            "identity": identity,
            "endpoint": endpoint,
            "binding_type": binding_type,
            "credential_sid": credential_sid,
            "message_types": message_types,
        }
        own = {name: value for name, value in given.items() if value is not None}
        return self._client.register(*self._asking(service_sid), own)

    def requests(self, **filters: object) -> list[dict[str, Any]]:
        """The requests that came, oldest first; `filters` are the parameters of `listRequests` in the control API."""
        return self._client.requests(filters)

    def set_faults(self, rules: Mapping[str, Any]) -> None:
        """Put rules of faults in force, until the end of the test."""
        self._client.set_faults(rules)

    def _asking(self, service_sid: str | None) -> tuple[tuple[str, str], str]:
        sid = service_sid or self.service_sid
        owner = self._world.owner(sid)
        return (str(owner["sid"]), token(owner)), sid


class KeptServer:
    """A server that tests use one after the other."""

    def __init__(self, held: HeldWorld, url: str, log_file: Path, client: Client) -> None:
        self.url = url
        self.log_file = log_file
        self._held = held
        self._client = client

    def reset(self, held: HeldWorld) -> bool:
        """Make it hold a world and nothing else: whether it still runs. Raises `CannotServe` for a wrong world."""
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
        """`folder` exists, and is nobody else's."""
        self.running: list[ChatBindingsServer] = []
        self.failed: list[ChatBindingsServer] = []
        """Those whose block ended with an exception: whoever reports it takes them out."""
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
        """A server that runs while the block does.

        `world` is a document as `import` takes it, or its file; without it the server holds the Binding of Twilio's
        page. `faults` are rules as `serve --fault-rules` takes them, or their file, or True for none beside what
        requests ask for. `options` are further ones of `serve`. Raises `CannotServe`.
        """
        held = self._demo if world is None else _read(world)
        with self._started(held, faults, options, registration=registration) as (url, log_file, _):
            server = ChatBindingsServer(url, held, log_file)
            with self._running(server):
                yield server

    @contextmanager
    def kept(self, *, world: World = None, registration: bool = True) -> Iterator[ChatBindingsServer]:
        """A server that is kept for the next block: it is reset, and holds the world, when a block begins."""
        held = self._demo if world is None else _read(world)
        kept = self._kept.get(registration)
        if kept is None or not kept.reset(held):
            started = self._started(held, None, (), registration=registration)
            kept = self._kept[registration] = KeptServer(held, *self._stack.enter_context(started))
        server = ChatBindingsServer(kept.url, held, kept.log_file, kept.log_file.stat().st_size)
        with self._running(server):
            yield server

    @contextmanager
    def _started(
        self, held: HeldWorld, faults: Faults, options: Sequence[str], *, registration: bool
    ) -> Iterator[tuple[str, Path, Client]]:
        folder = self._new_folder()
        database = shutil.copytree(self._database(held), folder / "database") / "world.db"
        wanted = {
            "database": _locator(database),
            "faults": _fault_rules(faults, folder),
            "registration": registration,
            "options": _checked(options),
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
        """End every server, and leave nothing behind."""
        self._stack.close()
        self._launcher.close()
        shutil.rmtree(self._folder)

    @contextmanager
    def _running(self, server: ChatBindingsServer) -> Iterator[None]:
        self.running.append(server)
        try:
            yield
        except BaseException:
            self.failed.append(server)
            raise
        finally:
            self.running.remove(server)
            server.ended()

    def _new_folder(self) -> Path:
        self._made += 1
        folder = self._folder / str(self._made)
        folder.mkdir()
        return folder

    def _database(self, world: HeldWorld) -> Path:
        """The folder of a database that holds a world and that nobody uses."""
        text = json.dumps(world.document).encode()
        key = hashlib.sha256(text).digest()
        if key not in self._databases:
            folder = self._new_folder()
            (folder / "database").mkdir()
            file, told = folder / "world.json", folder / "told"
            file.write_bytes(text)
            locator = _locator(folder / "database" / "world.db")
            if self._launcher.run("import_world", [str(file), locator], told):
                raise CannotServe(f"The world cannot be imported. {told.read_text(encoding='utf-8')}")
            self._databases[key] = folder / "database"
        return self._databases[key]

    def _url(self, pid: int, log_file: Path) -> str:
        """Where a server is reached, once it answers."""
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            ended = self._launcher.ended(pid)
            log = log_file.read_text(encoding="utf-8", errors="replace") if log_file.exists() else ""
            if ended is not None:
                raise CannotServe(f"The server ended with {ended}.\n{log}")
            listening = _LISTENING.search(log)
            if listening and _READY in log:
                return listening[1]
            time.sleep(_EVERY)
        raise CannotServe(f"The server was not ready after {_PATIENCE:.0f} seconds.\n{log}")


def _read(world: World) -> HeldWorld:
    try:
        return HeldWorld.of(world)
    except (OSError, ValueError) as error:
        raise CannotServe(f"The world cannot be read: {error}.") from None


def _locator(database: Path) -> str:
    return f"sqlite:///{quote(str(database))}"


def _fault_rules(faults: Faults, folder: Path) -> str | bool | None:
    """The file of the rules, or whether requests can make themselves fail."""
    if faults is None or isinstance(faults, bool):
        return faults
    if isinstance(faults, str | Path):
        return str(faults)
    file = folder / "rules.json"
    file.write_text(json.dumps(faults), encoding="utf-8")
    return str(file)


def _checked(options: Sequence[str]) -> list[str]:
    for option in options:
        if str(option).partition("=")[0] in _OWN:
            raise CannotServe(f"The option {option} is not for tests: each server has its own address and database.")
    return [*map(str, options)]
