"""The fixtures of `verify`: account A with a key and three services, and account B with one service."""

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from ..spec import REGISTRATION, binding_types, component
from .identities import DOTS, LETTERS, LONG_PAIRS, LOOKALIKES, PLAIN, RESERVED, WHITE, WORDS, long_identities
from .writer import AccountEntry, Properties, ServiceEntry

_BEGINNING = datetime(2016, 10, 21, 11, 37, 3, tzinfo=UTC)

_MESSAGE_TYPES: tuple[Sequence[str], ...] = (
    ("removed_from_channel", "new_message", "added_to_channel", "invited_to_channel"),
    ("new_message",),
    (),
    ("added_to_channel", "new_message"),
    ("a type of one's own, ünïcode 😀",),
)


def make_world(seed: int) -> list[AccountEntry]:
    """Make the fixtures' world of a seed; the same seed gives the same world."""
    make = _Maker(seed)
    shared = make.device()
    twins = [make.device(), make.device()]
    odd = ServiceEntry({"sid": make.sid("IS")}, _in_order(_odd_bindings(make, shared, twins)))
    empty = ServiceEntry({"sid": make.sid("IS")}, [])
    hundred = ServiceEntry({"sid": make.sid("IS")}, _in_order(_hundred_bindings(make, twins)))
    key = {"sid": make.sid("SK"), "secret": make.token()}
    foreign = ServiceEntry({"sid": make.sid("IS")}, _in_order(_foreign_bindings(make, shared, twins)))
    return [
        AccountEntry({"sid": make.sid("AC"), "auth_token": make.token()}, [key], [odd, empty, hundred]),
        AccountEntry({"sid": make.sid("AC"), "auth_token": make.token()}, [], [foreign]),
    ]


class _Maker:
    """Generates values that look random and follow from a seed, in every version of Python."""

    def __init__(self, seed: int) -> None:
        self._bits = random.Random(f"chat-bindings {seed}").getrandbits  # noqa: S311 - meant to be repeatable
        self._credentials = {name: self.sid("CR") for name in binding_types()}
        self._made = 0

    def token(self) -> str:
        return f"{self._bits(128):032x}"

    def sid(self, prefix: str) -> str:
        return f"{prefix}{self.token()}"

    def device(self) -> str:
        return f"device-{self.token()}"

    def binding(self, identity: str, binding_type: str, endpoint: str | None = None) -> dict[str, Any]:
        """Make a Binding, created some time after the one before; every third was updated since."""
        self._made += 1
        created = _BEGINNING + timedelta(seconds=self._made * 977)
        updated = created + timedelta(days=self._made) if self._made % 3 == 0 else created
        return {
            "sid": self.sid("BS"),
            "date_created": _time(created),
            "date_updated": _time(updated),
            "endpoint": endpoint or self.device(),
            "identity": identity,
            "binding_type": binding_type,
            "credential_sid": self._credentials[binding_type],
            "message_types": _MESSAGE_TYPES[self._made % len(_MESSAGE_TYPES)],
        }


def _odd_bindings(make: _Maker, shared: str, twins: Sequence[str]) -> Iterator[dict[str, Any]]:
    types = binding_types()
    longest = component("schemas", "Identity", REGISTRATION)["maxLength"]
    odd = (*LETTERS, *LOOKALIKES, *WHITE, *RESERVED, *DOTS, *WORDS, *LONG_PAIRS, *long_identities(longest))
    for number, identity in enumerate(odd):
        yield make.binding(identity, types[number % len(types)])
    for binding_type in types:  # one device, of all types
        yield make.binding(PLAIN[0], binding_type, shared)
    for identity in PLAIN[1:3]:  # a device of each type, and one more
        yield make.binding(identity, types[0])
        for binding_type in types:
            yield make.binding(identity, binding_type)
    for identity in PLAIN[3:]:  # one device of two users
        yield make.binding(identity, types[1], shared)
    for endpoint in _odd_endpoints():
        yield make.binding(PLAIN[1], types[2], endpoint)
    for number, endpoint in enumerate(twins):
        yield make.binding(f"user-{number:02d}", types[number], endpoint)


def _odd_endpoints() -> Iterator[str]:
    longest = component("schemas", "Endpoint", REGISTRATION)["maxLength"]
    yield "x" * longest
    yield "😀" * longest
    yield " spaces, commas and 100% + more: /?#&= "
    yield "é"
    yield "e\u0301"


def _hundred_bindings(make: _Maker, twins: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Make a hundred Bindings; the first are the devices and users of another service as well."""
    types = binding_types()
    for number in range(100):
        endpoint = twins[number] if number < len(twins) else None
        yield make.binding(f"user-{number % 40:02d}", types[number % 7 % len(types)], endpoint)


def _foreign_bindings(make: _Maker, shared: str, twins: Sequence[str]) -> Iterator[dict[str, Any]]:
    types = binding_types()
    yield make.binding(PLAIN[0], types[0], shared)  # as account A has it
    yield make.binding(PLAIN[0], types[1])
    yield make.binding("only of B", types[0])
    yield make.binding("a,b", types[2])
    yield make.binding("user-01", types[1], twins[1])  # as both services of account A have it
    yield make.binding("only of B", types[1])


def _in_order(bindings: Iterator[dict[str, Any]]) -> list[Properties]:
    return sorted(bindings, key=lambda binding: binding["sid"])


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
