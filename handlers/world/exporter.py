"""Export: a database's content as a world."""

from collections.abc import Iterator
from typing import Any, BinaryIO

import orjson

from ..storage.administration import Administration
from ..storage.progress import Advance
from .writer import AccountEntry, ServiceEntry, write_world

_PROGRESS_EVERY = 1000


def export(storage: Administration, file: BinaryIO, advance: Advance = lambda _: None) -> None:
    """Write a database's world; `advance` receives the number of Bindings since its last call.

    Hold a snapshot of `storage` meanwhile, so that all of it is of one moment.
    """
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
    pending = 0
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
        pending += 1
        if pending == _PROGRESS_EVERY:
            advance(pending)
            pending = 0
    advance(pending)
