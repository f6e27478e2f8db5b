"""`chat-bindings export`: write all that the database holds as a world."""

from collections.abc import Callable, Iterator
from typing import Any

import click
import orjson

from ..files import destination
from ..storage.engines import administration
from ..storage.interface import Administration
from ..world.writer import AccountEntry, ServiceEntry, write_world
from .options import database_option, output_option
from .progress import progress

_TOLD_EVERY = 1000


@click.command()
@output_option
@database_option
def export_world(*, output: str, database: str) -> None:
    """Write all that the database holds as a world.

    That is one JSON document, of one moment, which can be imported again. There is one Binding on a line, and all are
    in the order of their SIDs: what is the same gives the same bytes. Of tokens and secrets only their SHA-256 is
    known, and written. It holds personal data: keep it no longer than you may.

    \b
    Examples:
      chat-bindings export -o world.json
      chat-bindings export | gzip > world.json.gz
    """
    with (
        destination(output) as file,  # first, since what reads slowly must not keep the snapshot open
        administration(database) as storage,
        storage.snapshot(),
        progress("exporting", storage.count_bindings()) as advance,
    ):
        write_world(file, _accounts(storage, advance))


def _accounts(storage: Administration, advance: Callable[[int], None]) -> Iterator[AccountEntry]:
    for account in storage.accounts():
        keys = ({"sid": key.sid, "secret_sha256": key.secret_sha256} for key in storage.keys(account.sid))
        services = (
            ServiceEntry({"sid": service.sid}, _bindings(storage, service.sid, advance))
            for service in storage.services(account.sid)
        )
        yield AccountEntry(account._asdict(), keys, services)


def _bindings(storage: Administration, service_sid: str, advance: Callable[[int], None]) -> Iterator[dict[str, Any]]:
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
