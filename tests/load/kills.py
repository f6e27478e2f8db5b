"""Kill the service while it writes, again and again: `make kills`, or `python -m tests.load.kills --rounds 100`.

64 connections register and delete as fast as they are answered, `kill -9` ends the service in the midst of it, and
after the next start every write that was acknowledged must be there, and nothing that was deleted may be back. What was
sent and not answered may have been done or not; which of them it was must then stay so.
"""

import argparse
import asyncio
import json
import random
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import apsw
import httpx

from ..support import raw
from ..support.answers import operations
from ..support.flood import next_answer
from ..support.lists import list_url, walk
from ..support.running import Service, run_cli
from .bench.contending import free_port
from .bench.results import say
from .worlds import AUTH, SERVICE, write_world

CONNECTIONS = 64
_DELETES = 0.35
"""Which part of the requests are deletes, of what the same connection registered."""

_LIVES = (0.02, 0.5)
"""Seconds of load after which a service is killed, at the least and at the most."""

Device = tuple[str, str]
"""An identity and an endpoint."""


@dataclass
class Ledger:
    """What was acknowledged, and what was not answered."""

    there: dict[str, Device] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    maybe_there: set[Device] = field(default_factory=set)
    maybe_gone: set[str] = field(default_factory=set)
    registered: int = 0
    unanswered: int = 0
    broken: list[str] = field(default_factory=list)
    """What does not hold: a sentence each."""

    def compare(self, found: dict[str, Device]) -> None:
        """Hold what a service shows against what it acknowledged, and settle what was not answered."""
        for sid in self.there.keys() - found.keys() - self.maybe_gone:
            self.broken.append(f"{sid} was acknowledged, and is lost")
        for sid in self.gone & found.keys():
            self.broken.append(f"{sid} was acknowledged as deleted, and is back")
        for sid, device in found.items():
            known = self.there.get(sid)
            if known != device and (known or device not in self.maybe_there) and sid not in self.gone:
                self.broken.append(f"{sid} is {device}, which nobody registered so")
        self.unanswered += len(self.maybe_there) + len(self.maybe_gone)
        self.gone |= self.maybe_gone - found.keys()
        self.there = found
        self.maybe_there, self.maybe_gone = set(), set()


class Client:
    """A connection that registers and deletes until it breaks."""

    def __init__(self, url: str, name: str, ledger: Ledger, chance: random.Random) -> None:
        parts = urlsplit(url)
        self._address = (parts.hostname, parts.port)
        self._headers = [("Host", parts.netloc), ("Authorization", raw.basic(*AUTH))]
        self._name = name
        self._ledger = ledger
        self._chance = chance
        self._own: list[str] = []

    async def work(self) -> None:
        self._reader, self._writer = await asyncio.open_connection(*self._address)
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await self._write()
        self._writer.close()
        with suppress(ConnectionError):
            await self._writer.wait_closed()

    async def _write(self) -> None:
        number = 0
        while True:
            if self._own and self._chance.random() < _DELETES:
                await self._delete(self._own.pop(self._chance.randrange(len(self._own))))
            else:
                await self._register((f"user {number % 7}", f"{self._name} {number}"))
                number += 1

    async def _register(self, device: Device) -> None:
        identity, endpoint = device
        form = {"Identity": identity, "Endpoint": endpoint, "BindingType": "apn", "CredentialSid": f"CR{0:032x}"}
        self._ledger.maybe_there.add(device)
        answer = await self._ask("POST", _path("register_binding"), urlencode(form).encode())
        self._ledger.maybe_there.discard(device)
        assert answer.status == 201, answer
        sid = json.loads(answer.content)["sid"]
        self._ledger.there[sid] = device
        self._ledger.registered += 1
        self._own.append(sid)

    async def _delete(self, sid: str) -> None:
        self._ledger.maybe_gone.add(sid)
        answer = await self._ask("DELETE", _path("delete_binding", sid))
        self._ledger.maybe_gone.discard(sid)
        assert answer.status == 204, answer
        del self._ledger.there[sid]
        self._ledger.gone.add(sid)

    async def _ask(self, method: str, path: str, body: bytes = b"") -> raw.Response:
        self._writer.write(raw.compose(method, path, [*self._headers, ("Content-Length", str(len(body)))], body))
        return await next_answer(self._reader)


def _path(operation: str, sid: str = "") -> str:
    return operations()[operation].path(ServiceSid=SERVICE, Sid=sid)


def survive(folder: Path, rounds: int, seed: int = 1) -> Ledger:
    """Kill a service so many times: what was acknowledged, and in `broken` what did not hold."""
    chance, ledger, database = random.Random(seed), Ledger(), folder / "killed.db"
    write_world(folder / "world.json", [])
    imported = run_cli("import", folder / "world.json", "--database", f"sqlite:///{database}")
    assert imported.returncode == 0, imported.stderr
    for number in range(rounds):
        with _serving(database) as service:
            ledger.compare(_shown(service.url))
            asyncio.run(_load_and_kill(service, ledger, number, chance))
    with _serving(database) as service:
        ledger.compare(_shown(service.url))
    with apsw.Connection(str(database)) as connection:
        checked = connection.pragma("integrity_check")
        ledger.broken += [] if checked == "ok" else [f"the file is damaged: {checked}"]
    return ledger


def _serving(database: Path) -> Service:
    return Service(database, "--log-level", "warning", port=free_port())


def _shown(url: str) -> dict[str, Device]:
    with httpx.Client(base_url=url, auth=AUTH, timeout=30) as client:
        pages = walk(client, list_url(client, SERVICE, ("PageSize", 1000)))
        return {each["sid"]: (each["identity"], each["endpoint"]) for page in pages for each in page["bindings"]}


async def _load_and_kill(service: Service, ledger: Ledger, number: int, chance: random.Random) -> None:
    clients = [Client(service.url, f"{number} {each}", ledger, chance) for each in range(CONNECTIONS)]
    before = ledger.registered
    async with asyncio.TaskGroup() as tasks:
        for client in clients:
            tasks.create_task(client.work())
        async with asyncio.timeout(30):
            while ledger.registered < before + CONNECTIONS:  # noqa: ASYNC110 - the clients only count
                await asyncio.sleep(0.001)
        await asyncio.sleep(chance.uniform(*_LIVES))
        service.kill()


def main(arguments: Sequence[str] | None = None) -> int:
    """Kill it: 0 when all that was acknowledged held, else 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.load.kills", description=__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="chat-bindings-kills-") as folder:
        ledger = survive(Path(folder), options.rounds, options.seed)
    say(*ledger.broken)
    say(
        f"{options.rounds} kills under {CONNECTIONS} connections: {ledger.registered:,} registrations and"
        f" {len(ledger.gone):,} deletes acknowledged, {ledger.unanswered:,} requests not answered;"
        f" {len(ledger.broken)} did not hold."
    )
    return 1 if ledger.broken else 0


if __name__ == "__main__":
    sys.exit(main())
