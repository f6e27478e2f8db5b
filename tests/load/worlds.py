"""Worlds of any size, in one service of one account: written line by line, and the same each time."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from chat_bindings.storage.engines import administration
from chat_bindings.storage.interface import AccountRow, ServiceRow
from chat_bindings.tokens import digest

from ..support.running import cli_output

ACCOUNT = f"AC{1:032x}"
TOKEN = f"{1:032x}"
SERVICE = f"IS{1:032x}"
AUTH = (ACCOUNT, TOKEN)

_SCATTER = 2654435761
"""A prime: multiplying by it spreads numbers, since users register in no order."""


def sid(number: int) -> str:
    """Return the SID of a Binding: they order as their numbers do."""
    return f"BS{number:032x}"


def binding(number: int, identity: str, binding_type: str) -> dict[str, Any]:
    """Return a Binding as a server would have made it."""
    return {
        "sid": sid(number),
        "date_created": f"2016-10-21T{number // 3600 % 24:02d}:{number // 60 % 60:02d}:{number % 60:02d}Z",
        "date_updated": "2016-10-22T11:37:03Z",
        "endpoint": f"{number * _SCATTER % 2**32:08x}{number:056x}",
        "identity": identity,
        "binding_type": binding_type,
        "credential_sid": f"CR{number % 3:032x}",
        "message_types": ["new_message", "added_to_channel"],
    }


def line(number: int, identity: str, binding_type: str) -> str:
    """Return a Binding as a line of JSON."""
    return json.dumps(binding(number, identity, binding_type), separators=(",", ":"))


def write_world(path: Path, bindings: Iterable[str], *, sid_first: bool = True) -> None:
    """Write a world of Bindings that are given as lines; the service's SID may come after them."""
    first, last = (f'"sid":"{SERVICE}",', "") if sid_first else ("", f',"sid":"{SERVICE}"')
    with path.open("w") as file:
        file.write(f'{{"accounts":[{{"sid":"{ACCOUNT}","auth_token":"{TOKEN}","services":[{{{first}"bindings":[\n')
        for number, each in enumerate(bindings):
            file.write(f",\n{each}" if number else each)
        file.write(f"\n]{last}}}]}}]}}\n")


def import_world(world: Path, locator: str, bindings: Iterable[str] | None = None) -> None:
    """Import a world from a file, which is written of the Bindings first, where they are given as lines."""
    if bindings is not None:
        write_world(world, bindings)
    cli_output("import", world, "--database", locator, timeout=600)


def create_service(locator: str) -> None:
    """Create the account and its service in an empty database, without Bindings."""
    with administration(locator) as storage:
        storage.migrate()
        storage.add(AccountRow(ACCOUNT, digest(TOKEN)))
        storage.add(ServiceRow(SERVICE, ACCOUNT))


class Population:
    """The devices of a world: half belong to users that have 100, half to users that have two.

    A user of 100 has 50 of type apn and 50 of type gcm. 200 devices are of the rare type fcm, in a world of any size.
    So each kind of list has a full page of 50 in a world of any size, and what it costs can be compared.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.common = max(size // 200, 1)
        self.rare = max(size // 4, 1)
        self._every = max(size // 200, 2)

    def identity(self, number: int) -> str:
        """Return the user of a device."""
        place = self._place(number)
        return self.rare_identity(place) if number % 2 else self.common_identity(place)

    def common_identity(self, place: int) -> str:
        """Return a user of 100 devices."""
        return f"common-{place % self.common}@example.com"

    def rare_identity(self, place: int) -> str:
        """Return a user of two devices."""
        return f"rare-{place % self.rare}@example.com"

    def binding_type(self, number: int) -> str:
        if number % self._every == 1:
            return "fcm"
        return ("apn", "gcm")[self._place(number) // self.common % 2]

    def lines(self) -> Iterable[str]:
        """Yield all Bindings, as lines of JSON."""
        return (line(number, self.identity(number), self.binding_type(number)) for number in range(self.size))

    def _place(self, number: int) -> int:
        return number // 2 * _SCATTER % max(self.size // 2, 1)
