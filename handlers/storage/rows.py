"""Rows of Bindings, and the statements for them that all engines share."""

import hashlib
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from threading import Lock
from typing import Any

import orjson

from .interface import Binding, Registration

ADDED = ("service_sid", "key_sha256", *Binding._fields)
"""The columns of `added`."""

REGISTERED = (*ADDED, "account_sid")
"""The values of the statement of registration."""

COLUMNS = ", ".join(Binding._fields)

ERASED_AT = "SELECT erased_at FROM erasures"


def register_statement(mark: Callable[[str], str], services: str, greatest: str) -> str:
    """Build the statement that creates or updates a Binding; `mark` gives the mark of a value of `REGISTERED`.

    It takes the `greatest` time, since a clock may be set back, and compares values: a digest is only nearly unique.
    """
    return f"""
        INSERT INTO bindings ({", ".join(ADDED)})
        SELECT {", ".join(map(mark, ADDED))}
        FROM {services} WHERE account_sid = {mark("account_sid")} AND services.sid = {mark("service_sid")}
        ON CONFLICT (service_sid, key_sha256) DO UPDATE
            SET credential_sid = excluded.credential_sid, message_types = excluded.message_types,
                date_updated = {greatest}(bindings.date_updated, excluded.date_updated)
            WHERE (bindings.identity, bindings.endpoint, bindings.binding_type)
                = (excluded.identity, excluded.endpoint, excluded.binding_type)
        RETURNING {COLUMNS}"""  # noqa: S608 - constants alone


def now() -> str:
    """Return the time in the form of the database: ISO 8601 in GMT with whole seconds."""
    return _format(int(time.time()))


@lru_cache(maxsize=1)  # formatting takes as long as a lookup
def _format(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


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


def registered(account_sid: str, service_sid: str, registration: Registration) -> tuple[str, tuple[Any, ...]]:
    """Return the SID of a new device, which follows all others, and the values of `REGISTERED`."""
    sid, made_at = new_sid("BS"), now()
    binding = Binding(
        sid=sid,
        date_created=made_at,
        date_updated=made_at,
        endpoint=registration.endpoint,
        identity=registration.identity,
        binding_type=registration.binding_type,
        credential_sid=registration.credential_sid,
        message_types=orjson.dumps(registration.message_types).decode(),
    )
    return sid, (*added(service_sid, binding), account_sid)


def added(service_sid: str, binding: Binding) -> tuple[Any, ...]:
    """Return a Binding of a world as a row of `ADDED`."""
    return (service_sid, unique_key(binding.identity, binding.endpoint, binding.binding_type), *binding)
