"""Writes all that a database holds as a world."""

from collections.abc import Iterator
from typing import Any, BinaryIO

import orjson

from ..storage.interface import Administration
from ..storage.progress import Advance
from .writer import AccountEntry, ServiceEntry, write_world

_TOLD_EVERY = 1000


def export(storage: Administration, file: BinaryIO, advance: Advance = lambda _: None) -> None:
    """Write the world of a database, inside of one snapshot; `advance` is called with numbers of Bindings."""
    write_world(file, _accounts(storage, advance))


def _accounts(storage: Administration, advance: Advance) -> Iterator[AccountEntry]:
    for account in storage.accounts():
        keys = ({"sid": key.sid, "secret_sha256": key.secret_sha256} for key in storage.keys(account.sid))
        services = (
            ServiceEntry({"sid": service.sid}, _bindings(storage, service.sid, advance))
            for service in storage.services(account.sid)
        )
        yield AccountEntry(account._asdict(), keys, services)


def _bindings(storage: Administration, service_sid: str, advance: Advance) -> Iterator[dict[str, Any]]:
    untold = 0
    for binding in storage.bindings(service_sid):
        yield {
            "sid": binding.sid,
            "date_created": binding.date_created,
            "date_updated": binding.date_updated,
            "endpoint": binding.endpoint,
            "identity": binding.identity,
            "binding_type": binding.binding_type,
            "credential_sid": binding.credential_sid,
            "message_types": orjson.Fragment(binding.message_types),
        }
        untold += 1
        if untold == _TOLD_EVERY:
            advance(untold)
            untold = 0
    advance(untold)
