"""Substitutes for the values that Schemathesis makes up: existing SIDs, page tokens of the service, ...

A substitute follows from the replaced value alone, so that a seed reproduces a run.
"""

import re
import zlib
from collections.abc import Collection, Mapping
from itertools import count
from typing import Any
from urllib.parse import parse_qs

import requests

from chat_bindings.spec import REGISTRATION, component

Json = dict[str, Any]

_SID = re.compile(r"(AC|IS|BS)[0-9a-fA-F]{32}")
_LONGEST_ENDPOINT: int = component("schemas", "Endpoint", REGISTRATION)["maxLength"]


def is_text(value: object) -> bool:
    """Tell whether it could be an identity or an endpoint."""
    return isinstance(value, str) and bool(value) and "\0" not in value


def as_read(values: Mapping[str, Any], repeated: Collection[str]) -> Json:
    """Return a form or a query as a server reads it: texts, and lists of texts for the names that may be repeated.

    Neither can say `{"Identity": 0}`: what is sent is `Identity=0`, a list of one text, and valid.
    """
    sent = requests.Request("POST", "http://localhost", data=values).prepare().body or ""
    fields = parse_qs(sent if isinstance(sent, str) else sent.decode(), keep_blank_values=True)
    return {name: texts if name in repeated else texts[-1] for name, texts in fields.items()}


class Substitutes:
    """Replaces values by real ones from `seeds` (see `seeds.py`), and records deleted Bindings."""

    def __init__(self, seeds: Json) -> None:
        self.services: list[Json] = seeds["services"]
        self.world: Json | None = seeds.get("world")
        """The world that `putWorld` puts."""
        self._account: str = seeds["account"]
        self._tokens: list[str] = seeds["tokens"]
        self._identities: list[str] = seeds["identities"]
        self._there = {sid for service in self.services for sid in service["bindings"]}
        self._deleted: set[str] = set()
        self._devices = (f"fuzzed with the {seeds['credentials']} {number} " for number in count())
        self._registered: set[tuple[str, ...]] = set()

    def forget(self, sid: str) -> None:
        """Record the deletion of a Binding."""
        self._deleted.add(sid)
        self._there.discard(sid)

    def restore(self) -> None:
        """Mark all Bindings as existing again, after a reset."""
        self._deleted.clear()
        self._there = {sid for service in self.services for sid in service["bindings"]}

    def sids(self, parameters: Json, *, always: bool = False) -> Json:
        """Return a Binding that is there, and its service, for SIDs that are well formed but name nothing.

        One in ten is left to name nothing, unless `always`. One that was deleted never is: Hypothesis replays the
        beginnings of scenarios, and takes an answer that has changed for flaky data, upon which Schemathesis ends its
        stateful phase early and does not say so.
        """
        made_up = {name: sid for name, sid in parameters.items() if _SID.fullmatch(str(sid)) and sid not in self._there}
        number = _number(sorted(made_up.items()))
        stays = number % 10 == 0 and not always and self._deleted.isdisjoint(made_up.values())
        if stays or not made_up:
            return parameters
        service = self.services[number % len(self.services)]
        bindings: list[str] = service["bindings"]
        at = number % len(bindings)
        while bindings[at] in self._deleted:
            at = (at + 1) % len(bindings)
        real = {"AccountSid": self._account, "ServiceSid": service["sid"], "Sid": bindings[at]}
        return parameters | {name: real[name] for name in made_up}

    def token(self, query: Json) -> Json:
        """Return the token of a real page for a token."""
        if not isinstance(query.get("PageToken"), str):
            return query
        return query | {"PageToken": self._tokens[_number(query["PageToken"]) % len(self._tokens)]}

    def identity(self, query: Json) -> Json:
        """Return an identity that many Bindings have, of every type, for the first of a filter: so no list is empty."""
        identities = query.get("Identity")
        if not isinstance(identities, list) or not identities or not is_text(identities[0]):
            return query
        real = self._identities[_number(identities[0]) % len(self._identities)]
        return query | {"Identity": [real, *identities[1:]]}

    def device(self, service_sid: str, body: Json) -> Json:
        """Replace a registration's device by an unregistered one; registered ones stay, for links repeat them.

        Whenever a scenario is replayed, the first is answered 201 again, and the other 200.
        """
        endpoint = body.get("Endpoint")
        if not is_text(endpoint) or len(endpoint) > _LONGEST_ENDPOINT or _key(service_sid, body) in self._registered:
            return body
        new = body | {"Endpoint": f"{next(self._devices)}{endpoint}"[:_LONGEST_ENDPOINT]}
        self._registered.add(_key(service_sid, new))
        return new


def _key(service_sid: str, body: Json) -> tuple[str, ...]:
    return (service_sid, *(str(body.get(name)) for name in ("Identity", "Endpoint", "BindingType")))


def _number(value: object) -> int:
    return zlib.crc32(repr(value).encode("utf-8", "surrogatepass"))
