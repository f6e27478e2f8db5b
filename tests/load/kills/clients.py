"""Clients that register, register again, delete, fetch and list as fast as they are answered."""

import asyncio
import json
import random
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import urlencode, urlsplit

from ...support import raw
from ...support.answers import operations
from ...support.flood import next_answer
from ..worlds import AUTH, SERVICE
from .ledger import EVERYBODY, Device, Known, Ledger

_WEIGHTS = {"register": 30, "again": 15, "delete": 28, "fetch": 12, "list": 10, "share": 5}
"""The weight of each kind of request."""

_SHARED = 8
"""Devices that all clients register."""

_REST = 0.01
"""Seconds between requests while the database is away."""

AWAY = 503

Gone = (ConnectionError, asyncio.IncompleteReadError, OSError)
"""What a client gets when the service is killed."""


class Client:
    """Asks for one thing after the other, on a connection of its own, and knows what it must be answered."""

    def __init__(self, name: str, ledger: Ledger, chance: random.Random) -> None:
        self._name = name
        self._ledger = ledger
        self._chance = chance
        self._number = 0

    async def work(self, url: str, is_over: Callable[[], bool]) -> None:
        """Ask until it is over, or until the connection breaks."""
        parts = urlsplit(url)
        self._headers = [("Host", parts.netloc), ("Authorization", raw.basic(*AUTH))]
        with suppress(*Gone):
            self._reader, self._writer = await asyncio.open_connection(parts.hostname, parts.port)
            try:
                while not is_over():
                    await self._ask_for(self._chosen())
            finally:
                self._writer.close()
                with suppress(*Gone):
                    await self._writer.wait_closed()

    @property
    def _own(self) -> dict[str, Known]:
        return self._ledger.there[self._name]

    def _chosen(self) -> str:
        (kind,) = self._chance.choices(list(_WEIGHTS), _WEIGHTS.values())
        return kind

    async def _ask_for(self, kind: str) -> None:
        if kind == "list":
            await self._list()
        elif kind == "share":
            await self._share()
        elif kind == "register" or not self._own:
            self._number += 1
            await self._register((self._name, f"{self._name} {self._number}"))
        else:
            device = self._name, self._chance.choice(list(self._own))
            await {"again": self._register, "delete": self._delete, "fetch": self._fetch}[kind](device)

    async def _register(self, device: Device) -> None:
        credential_sid = f"CR{self._chance.getrandbits(128):032x}"
        known = self._ledger.doubt(device, credential_sid)
        answer = await self._send_registration(device, credential_sid)
        if not self._is_done(answer, 200 if known else 201, "updated" if known else "registered"):
            return
        now = Known.of(json.loads(answer.content))
        assert self._ledger.doubts.pop(device).allows(now), f"{device} was {known}, is {now} after {credential_sid}"
        self._own[device[1]] = now

    async def _delete(self, device: Device) -> None:
        known = self._ledger.doubt(device, None)
        assert known is not None
        answer = await self._ask("DELETE", _path("deleteBinding", known.sid))
        if self._is_done(answer, 204, "deleted"):
            del self._ledger.doubts[device]
            self._ledger.gone.add(known.sid)

    async def _fetch(self, device: Device) -> None:
        known = self._own[device[1]]
        answer = await self._ask("GET", _path("fetchBinding", known.sid))
        if self._is_done(answer, 200, "fetched"):
            now = Known.of(json.loads(answer.content))
            assert now == known, f"{device} is {known}, and was fetched as {now}"

    async def _list(self) -> None:
        query = urlencode({"Identity": self._name, "PageSize": 1000})
        answer = await self._ask("GET", f"{_path('listBindings')}?{query}")
        if self._is_done(answer, 200, "listed"):
            shown = {each["endpoint"] for each in json.loads(answer.content)["bindings"]}
            shown -= {endpoint for identity, endpoint in self._ledger.doubts if identity == self._name}
            assert shown == self._own.keys(), f"a list of {self._name} shows {shown}, not {self._own}"

    async def _share(self) -> None:
        device = EVERYBODY, f"shared {self._chance.randrange(_SHARED)}"
        answer = await self._send_registration(device, f"CR{0:032x}")
        if self._is_done(answer, 201 if answer.status == 201 else 200, "shared"):
            sid = json.loads(answer.content)["sid"]
            known = self._ledger.shared.setdefault(device, sid)
            assert known == sid, f"{device} is {known}, and {sid} as well"

    async def _send_registration(self, device: Device, credential_sid: str) -> raw.Response:
        form = {"Identity": device[0], "Endpoint": device[1], "BindingType": "apn", "CredentialSid": credential_sid}
        return await self._ask("POST", _path("registerBinding"), urlencode(form).encode())

    async def _ask(self, method: str, path: str, body: bytes = b"") -> raw.Response:
        self._writer.write(raw.compose(method, path, [*self._headers, ("Content-Length", str(len(body)))], body))
        answer = await next_answer(self._reader)
        if answer.status == AWAY:
            await asyncio.sleep(_REST)
        return answer

    def _is_done(self, answer: raw.Response, status: int, what: str) -> bool:
        """Whether it was done. Nothing may be answered but the status given, and that the database is away."""
        if answer.status == AWAY:
            self._ledger.answered["503"] += 1
            return False
        assert answer.status == status, f"{self._name} was answered {answer}, not {status}"
        self._ledger.answered[what] += 1
        return True


def _path(operation: str, sid: str = "") -> str:
    return operations()[operation].path(ServiceSid=SERVICE, Sid=sid)
