"""Rows of Bindings, and the statements for them that all engines share."""

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

COLUMNS = ", ".join(Binding._fields)

ERASED_AT = "SELECT erased_at FROM erasures"


def register_statement(mark: str, services: str, greatest: str) -> str:
    """Build the statement that creates or updates a Binding; `mark` is the pattern of a named value's mark.

    It takes the `greatest` time, since a clock may be set back, and compares values: a digest is only nearly unique.
    """
    return f"""
        INSERT INTO bindings ({", ".join(ADDED)})
        SELECT {", ".join(map(mark.format, ADDED))}
        FROM {services} WHERE account_sid = {mark.format("account_sid")} AND services.sid = {mark.format("service_sid")}
        ON CONFLICT (service_sid, key_sha256) DO UPDATE
            SET credential_sid = excluded.credential_sid, message_types = excluded.message_types,
                date_updated = {greatest}(bindings.date_updated, excluded.date_updated)
            WHERE (bindings.identity, bindings.endpoint, bindings.binding_type)
                = (excluded.identity, excluded.endpoint, excluded.binding_type)
        RETURNING {COLUMNS}"""  # noqa: S608 - constants alone


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
