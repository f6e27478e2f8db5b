"""A writer of worlds: the same content gives the same bytes, with one Binding a line."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, BinaryIO, NamedTuple

import orjson

Properties = Mapping[str, Any]


class ServiceEntry(NamedTuple):
    """A service: its own properties, and its Bindings in order."""

    own: Properties
    bindings: Iterable[Properties]


class AccountEntry(NamedTuple):
    """An account: its own properties, its keys and its services, in order."""

    own: Properties
    keys: Iterable[Properties]
    services: Iterable[ServiceEntry]


def write_world(file: BinaryIO, accounts: Iterable[AccountEntry]) -> None:
    """Write a world as UTF-8. Memory does not grow with its size."""
    file.writelines(_world(accounts))


def _world(accounts: Iterable[AccountEntry]) -> Iterator[bytes]:
    yield b'{"accounts":['
    for account, separator in zip(accounts, _separators(), strict=False):
        yield separator + _open_object(account.own) + b',"keys":['
        yield from _lines(account.keys)
        yield b'\n],"services":['
        for service, service_separator in zip(account.services, _separators(), strict=False):
            yield service_separator + _open_object(service.own) + b',"bindings":['
            yield from _lines(service.bindings)
            yield b"\n]}"
        yield b"\n]}"
    yield b"\n]}\n"


def _lines(values: Iterable[Properties]) -> Iterator[bytes]:
    for value, separator in zip(values, _separators(), strict=False):
        yield separator + orjson.dumps(value)


def _separators() -> Iterator[bytes]:
    yield b"\n"
    while True:
        yield b",\n"


def _open_object(properties: Properties) -> bytes:
    return orjson.dumps(properties)[:-1]
