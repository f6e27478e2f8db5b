"""The fuzzed world: large enough that fuzzing cannot delete all of it."""

from typing import Any

from chat_bindings.spec import binding_types, component

from ..support.worlds import account, binding, sid

Json = dict[str, Any]

IDENTITIES = ["TestUser", "a,b", "a+b", "100%", "/?#&='\"", "..", " space ", "Ünïcødé", "漢字", "😀"]
"""Shared identities: each belongs to one Binding in eleven, of every type; the others have an identity of their own."""

_EVERY = 11
_TYPES = binding_types()
_MESSAGE_TYPES = ["removed_from_channel", "new_message", "added_to_channel", "invited_to_channel"]


def fuzz_world(size: int) -> Json:
    """Make account A with two large services, one of them that of the spec's examples, and B with a small one."""
    example = component("examples", "binding")["value"]
    kept = {name: value for name, value in example.items() if name not in ("url", "links")}
    page = {"sid": example["service_sid"], "bindings": [*_bindings(1, size), kept]}
    large = {"sid": sid("IS", 2), "bindings": _bindings(2, size)}
    key = {"sid": sid("SK", 1), "secret": f"{1:032x}"}
    first = account(1, sid=example["account_sid"], keys=[key], services=[page, large])
    return {"accounts": [first, account(3, *_bindings(3, 100))]}


def _bindings(service: int, size: int) -> list[Json]:
    # the SIDs of all services mix, so that a token of one leads into the midst of another
    return [_binding(number, 4 * number + service) for number in range(size)]


def _binding(number: int, unique: int) -> Json:
    shared = number % _EVERY
    return binding(
        unique,
        endpoint=f"device-{number}",
        identity=IDENTITIES[shared] if shared < len(IDENTITIES) else f"user-{number}",
        binding_type=_TYPES[number % len(_TYPES)],
        message_types=_MESSAGE_TYPES[: number % (len(_MESSAGE_TYPES) + 1)],
    )
