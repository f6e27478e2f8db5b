"""Worlds of any size, in one service of one account: written line by line, and the same each time."""

from collections.abc import Iterable
from pathlib import Path

ACCOUNT = f"AC{1:032x}"
TOKEN = f"{1:032x}"
SERVICE = f"IS{1:032x}"
AUTH = (ACCOUNT, TOKEN)

_SCATTER = 2654435761
"""A prime: multiplying by it spreads numbers, since users register in no order."""

CREATED = "2016-10-21T{0:02d}:{1:02d}:{2:02d}Z"
UPDATED = "2016-10-22T11:37:03Z"
MESSAGE_TYPES = '["new_message","added_to_channel"]'


def sid(number: int) -> str:
    """The SID of a Binding: they order as their numbers do."""
    return f"BS{number:032x}"


def endpoint(number: int) -> str:
    return f"{number * _SCATTER % 2**32:08x}{number:056x}"


def credential_sid(number: int) -> str:
    return f"CR{number % 3:032x}"


def date_created(number: int) -> str:
    return CREATED.format(number // 3600 % 24, number // 60 % 60, number % 60)


def line(number: int, identity: str, binding_type: str) -> str:
    """A Binding as a line of JSON, in the order of SIDs, as a server would have made them."""
    return (
        f'{{"sid":"{sid(number)}","date_created":"{date_created(number)}","date_updated":"{UPDATED}",'
        f'"endpoint":"{endpoint(number)}","identity":"{identity}","binding_type":"{binding_type}",'
        f'"credential_sid":"{credential_sid(number)}","message_types":{MESSAGE_TYPES}}}'
    )


def write_world(path: Path, bindings: Iterable[str], *, sid_first: bool = True) -> None:
    """Write a world of Bindings that are given as lines; the service's SID may come after them."""
    service = f'"sid":"{SERVICE}"'
    with path.open("w") as file:
        file.write(f'{{"accounts":[{{"sid":"{ACCOUNT}","auth_token":"{TOKEN}","services":[{{')
        file.write(f'{service},"bindings":[\n' if sid_first else '"bindings":[\n')
        separator = ""
        for binding in bindings:
            file.write(separator + binding)
            separator = ",\n"
        file.write("\n]}]}]}\n" if sid_first else f"\n],{service}}}]}}]}}\n")


class Population:
    """Who registered: half of the devices belong to users that have 100, half to users that have two.

    A user of 100 has 50 of type apn and 50 of type gcm. 200 devices are of the rare type fcm, in a world of any size.
    So each kind of list has a full page of 50 in a world of any size, and what it costs can be compared.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.common = max(size // 200, 1)
        self.rare = max(size // 4, 1)
        self._every = max(size // 200, 2)

    def identity(self, number: int) -> str:
        place = self._place(number)
        return self.rare_identity(place) if number % 2 else self.common_identity(place)

    def common_identity(self, place: int) -> str:
        """A user of 100 devices."""
        return f"common-{place % self.common}@example.com"

    def rare_identity(self, place: int) -> str:
        """A user of two devices."""
        return f"rare-{place % self.rare}@example.com"

    def binding_type(self, number: int) -> str:
        if number % self._every == 1:
            return "fcm"
        return ("apn", "gcm")[self._place(number) // self.common % 2]

    def lines(self) -> Iterable[str]:
        """All Bindings, as lines of JSON."""
        return (line(number, self.identity(number), self.binding_type(number)) for number in range(self.size))

    def _place(self, number: int) -> int:
        return number // 2 * _SCATTER % max(self.size // 2, 1)
