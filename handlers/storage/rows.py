"""Rows of Bindings: the columns that every engine adds to a registration."""

import hashlib
import os
import time
from datetime import UTC, datetime
from threading import Lock
from typing import Any

import orjson

from .interface import Binding, Registration

ADDED = ("service_sid", "key_sha256", *Binding._fields)
"""The columns of `added`."""


def now() -> str:
    """Return the time in the form of the database: ISO 8601 in GMT with whole seconds."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def new_sid(prefix: str) -> str:
    """Make a SID that follows all those made before. UUIDs know no time before 1970: such a clock counts as then."""
    return f"{prefix}{_uuid7():032x}"


_lock = Lock()
_last_uuid = 0


def _uuid7() -> int:
    """Make a UUIDv7 (RFC 9562) that is greater than all before; within a millisecond it counts on (6.2, method 2)."""
    global _last_uuid  # noqa: PLW0603 - the counter is the process's
    random = int.from_bytes(os.urandom(16), "big")
    milliseconds = max(time.time_ns() // 1_000_000, 0)
    made = milliseconds << 80 | 0x7 << 76 | (random & 0xFFF) << 64 | 0x2 << 62 | random >> 67  # 61 bits: room to count
    with _lock:
        _last_uuid = made if made >> 80 > _last_uuid >> 80 else _last_uuid + 1 + (random >> 12 & 0xFFFF_FFFF)
        return _last_uuid


def unique_key(identity: str, endpoint: str, binding_type: str) -> bytes:
    """Hash a device's unique key by SHA-256; a NUL, which none of the three contains, separates them."""
    return hashlib.sha256(f"{identity}\0{endpoint}\0{binding_type}".encode()).digest()


def registered(service_sid: str, registration: Registration) -> dict[str, Any]:
    """Return the values of `ADDED` for a new device: with a SID that follows all others, and the time."""
    made_at = now()
    return registration._asdict() | {
        "service_sid": service_sid,
        "sid": new_sid("BS"),
        "key_sha256": unique_key(registration.identity, registration.endpoint, registration.binding_type),
        "message_types": orjson.dumps(registration.message_types).decode(),
        "date_created": made_at,
        "date_updated": made_at,
    }


def added(service_sid: str, binding: Binding) -> tuple[Any, ...]:
    """Return a Binding of a world as a row of `ADDED`."""
    return (service_sid, unique_key(binding.identity, binding.endpoint, binding.binding_type), *binding)
