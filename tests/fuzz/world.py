"""The world that is fuzzed: large enough that what fuzzing deletes never runs out."""

import random
import string
from typing import Any

from chat_bindings.spec import binding_types, component

Json = dict[str, Any]

IDENTITIES = ["TestUser", "a,b", "a+b", "100%", "/?#&='\"", "..", " space ", "Ünïcødé", "漢字", "😀"]
"""Each belongs to one Binding in fifty, of every type; the others have an identity of their own."""

_EVERY = 50
_MESSAGE_TYPES = ["removed_from_channel", "new_message", "added_to_channel", "invited_to_channel"]


class FuzzWorld:
    """Account A with two large services, one of them that of the spec's examples, and account B with a small one."""

    def __init__(self, seed: int, size: int) -> None:
        self._random = random.Random(seed)
        self._types = binding_types()
        example = component("examples", "binding")["value"]
        kept = {name: value for name, value in example.items() if name not in ("url", "links")}
        page = {"sid": example["service_sid"], "bindings": [*self._bindings(size), kept]}
        self.a = self._account(example["account_sid"], [page, self._service(size)])
        self.b = self._account(self._sid("AC"), [self._service(100)])
        self.document: Json = {"accounts": [self.a, self.b]}

    def _account(self, sid: str, services: list[Json]) -> Json:
        key = {"sid": self._sid("SK"), "secret": self._hex()}
        return {"sid": sid, "auth_token": self._hex(), "keys": [key], "services": services}

    def _service(self, size: int) -> Json:
        return {"sid": self._sid("IS"), "bindings": self._bindings(size)}

    def _bindings(self, size: int) -> list[Json]:
        return [self._binding(number) for number in range(size)]

    def _binding(self, number: int) -> Json:
        day = f"2024-01-{number % 28 + 1:02d}T00:00:00Z"
        own = "".join(self._random.choices(string.ascii_lowercase, k=8))
        shared = number % _EVERY
        return {
            "sid": self._sid("BS"),
            "date_created": day,
            "date_updated": day,
            "endpoint": f"device-{number}",
            "identity": IDENTITIES[shared] if shared < len(IDENTITIES) else own,
            "binding_type": self._types[number % len(self._types)],
            "credential_sid": self._sid("CR"),
            "message_types": self._random.sample(_MESSAGE_TYPES, number % (len(_MESSAGE_TYPES) + 1)),
        }

    def _sid(self, prefix: str) -> str:
        return prefix + self._hex()

    def _hex(self) -> str:
        return f"{self._random.getrandbits(128):032x}"
