"""Clients that register, register again, delete, fetch and list, and check the responses against a ledger."""

import asyncio
import json
import random
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

import httpx

from ..support import raw
from ..support.answers import operations
from ..support.flood import Connection
from .ledger import EVERYBODY, Device, Known, Ledger
from .worlds import AUTH, SERVICE

UNAVAILABLE = 503

_SHARED = 8
"""Devices that all clients register."""

_REST = 0.01
"""Seconds between requests while the database is unavailable."""

Due = Callable[[], Awaitable[float | None]]
"""A function that waits until the next request is due, and returns that time; None when no more are."""


def call(
    operation: str, sid: str = "", *, token: str = AUTH[1], form: Mapping[str, str] | None = None
) -> tuple[Any, ...]:
    """Return the method, path, headers and body of a call, as `raw` takes them."""
    body = urlencode(form or {}).encode()
    headers = [("Authorization", raw.basic(AUTH[0], token)), ("Content-Length", str(len(body)))]
    described = operations()[operation]
    return described.method, described.path(ServiceSid=SERVICE, Sid=sid), headers, body


def registration(device: Device, credential_sid: str) -> dict[str, str]:
    """Return the form that registers a device."""
    return {"Identity": device[0], "Endpoint": device[1], "BindingType": "apn", "CredentialSid": credential_sid}


def show(url: str) -> Iterator[dict[str, Any]]:
    """List all Bindings, by walking the list."""
    with httpx.Client(auth=AUTH, timeout=60) as client:
        target: str | None = f"{url}{operations()['listBindings'].path(ServiceSid=SERVICE)}?PageSize=1000"
        while target:
            page = client.get(target).raise_for_status().json()
            yield from page["bindings"]
            target = page["meta"]["next_page_url"]


class Client:
    """A client: one operation after the other, on its own connection, with the expected responses."""

    def __init__(self, name: str, ledger: Ledger, chance: random.Random, weights: Mapping[str, int]) -> None:
        """Set the weights of each kind of request: register, again, delete, fetch, list, share."""
        self._name = name
        self._ledger = ledger
        self._chance = chance
        self._weights = weights
        self._number = 0

    async def work(self, url: str, due: Due, times: list[float], bears: Sequence[type[Exception]]) -> None:
        """Send requests as they are due, and record the seconds from then to the response; end at some errors."""
        with suppress(*bears):
            async with Connection(url) as self._connection:
                while (at := await due()) is not None:
                    await self._send()
                    times.append(time.perf_counter() - at)

    @property
    def _own(self) -> dict[str, Known]:
        return self._ledger.there[self._name]

    async def _send(self) -> None:
        (kind,) = self._chance.choices(list(self._weights), self._weights.values())
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
        answer = await self._call("registerBinding", form=registration(device, credential_sid))
        if self._is_done(answer, 200 if known else 201, "updated" if known else "registered"):
            self._ledger.register(device, json.loads(answer.content))

    async def _delete(self, device: Device) -> None:
        known = self._ledger.doubt(device, None)
        assert known is not None
        if self._is_done(await self._call("deleteBinding", known.sid), 204, "deleted"):
            self._ledger.delete(device)

    async def _fetch(self, device: Device) -> None:
        known = self._own[device[1]]
        answer = await self._call("fetchBinding", known.sid)
        if self._is_done(answer, 200, "fetched"):
            now = Known.of(json.loads(answer.content))
            assert now == known, f"{device} is {known}, and was fetched as {now}"

    async def _list(self) -> None:
        query = urlencode({"Identity": self._name, "PageSize": 1000})
        answer = await self._call("listBindings", query=f"?{query}")
        if self._is_done(answer, 200, "listed"):
            shown = {each["endpoint"] for each in json.loads(answer.content)["bindings"]}
            shown -= {endpoint for identity, endpoint in self._ledger.doubts if identity == self._name}
            assert shown == self._own.keys(), f"a list of {self._name} shows {shown}, not {self._own}"

    async def _share(self) -> None:
        device = EVERYBODY, f"shared {self._chance.randrange(_SHARED)}"
        answer = await self._call("registerBinding", form=registration(device, f"CR{0:032x}"))
        if self._is_done(answer, 201 if answer.status == 201 else 200, "shared"):
            sid = json.loads(answer.content)["sid"]
            known = self._ledger.shared.setdefault(device, sid)
            assert known == sid, f"{device} is {known}, and {sid} as well"

    async def _call(self, operation: str, sid: str = "", *, query: str = "", **more: Any) -> raw.Response:
        method, path, headers, body = call(operation, sid, **more)
        answer = await self._connection.send(method, path + query, headers, body)
        if answer.status == UNAVAILABLE:
            await asyncio.sleep(_REST)
        return answer

    def _is_done(self, answer: raw.Response, status: int, what: str) -> bool:
        """Tell whether it was done. Only the given status and that of an unavailable database are allowed."""
        if answer.status == UNAVAILABLE:
            self._ledger.answered["503"] += 1
            return False
        assert answer.status == status, f"{self._name} was answered {answer}, not {status}"
        self._ledger.answered[what] += 1
        return True


class Clients:
    """The clients of one service, each on its own connection, and the writes that were acknowledged to them."""

    def __init__(self, number: int, weights: Mapping[str, int]) -> None:
        self.chance = random.Random(1)
        self.ledger = Ledger()
        self.times: list[float] = []
        """Seconds that each response took, since they were last taken away."""
        chances = [random.Random(self.chance.getrandbits(64)) for _ in range(number)]
        self._clients = [Client(f"client {n}", self.ledger, each, weights) for n, each in enumerate(chances)]

    async def work(self, url: str, due: Due, number: int | None = None, bears: Sequence[type[Exception]] = ()) -> None:
        """Send requests as they are due, from all clients or so many of them."""
        async with asyncio.TaskGroup() as tasks:
            for client in self._clients[:number]:
                tasks.create_task(client.work(url, due, self.times, bears))
