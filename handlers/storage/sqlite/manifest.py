"""What a backup says of itself: a table in its file, written last, with the SHA-256 of every other byte of the file."""

import hashlib
import os
from datetime import UTC, datetime
from importlib.metadata import version as installed
from pathlib import Path
from typing import BinaryIO, NamedTuple

import apsw

from .connection import transaction
from .integrity import opened

_TABLE = "backup"

_MAKE = f"""
    CREATE TABLE {_TABLE} (made_at TEXT NOT NULL, made_by TEXT NOT NULL, accounts INTEGER NOT NULL,
                           api_keys INTEGER NOT NULL, services INTEGER NOT NULL, bindings INTEGER NOT NULL,
                           sha256 TEXT NOT NULL) STRICT"""

_ADD = f"INSERT INTO {_TABLE} VALUES (?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 - a constant

_READ = f"SELECT accounts, api_keys, services, bindings, sha256 FROM {_TABLE}"  # noqa: S608 - likewise

_PAGE = "SELECT rootpage FROM sqlite_schema WHERE type = 'table' AND name = ?"

_UNKNOWN = hashlib.sha256().hexdigest()
"""What stands in the place of the SHA-256 while it is computed: nothing that could begin in what stands before it."""

_PIECE = 1 << 20


class Contents(NamedTuple):
    """How much is in a backup."""

    accounts: int
    keys: int
    services: int
    bindings: int


class BadBackup(Exception):
    """A file cannot be restored; the message is the rule that it breaks, to stand behind the file's name."""


def write(path: Path) -> Contents:
    """Make a backup of an SQLite file that nobody has open, by writing into it what it holds."""
    with opened(path) as connection:
        contents = Contents(*(_count(connection, table) for table in ("accounts", "api_keys", "services", "bindings")))
        made_at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        with transaction(connection):
            connection.execute(_MAKE)
            connection.execute(_ADD, (made_at, installed("chat-bindings"), *contents, _UNKNOWN))
        page = _page(connection)
    with path.open("r+b") as file:
        place = _place(file, page, _UNKNOWN)
        sha256 = _sha256(file, place)
        file.seek(place)
        file.write(sha256.encode())
        file.flush()
        os.fsync(file.fileno())
    return contents


def check(path: Path) -> Contents:
    """Hold a backup to what it says of itself. Raises `BadBackup`."""
    with opened(path) as connection:
        if not connection.execute(_PAGE, (_TABLE,)).fetchone():
            raise BadBackup("must say what it holds, as what `chat-bindings backup` has finished does")
        *counts, sha256 = connection.execute(_READ).fetchone() or (None,)
        page = _page(connection)
    with path.open("rb") as file:
        if not sha256 or _sha256(file, _place(file, page, sha256)) != sha256:
            raise BadBackup("must be the very bytes that it was made of: it is damaged, or was changed")
    return Contents(*counts)


def remove(connection: apsw.Connection) -> None:
    """Make a database of a backup."""
    connection.execute(f"DROP TABLE {_TABLE}")


def _count(connection: apsw.Connection, table: str) -> int:
    return int(connection.execute(f"SELECT count(*) FROM {table}").get)  # noqa: S608 - a constant


def _page(connection: apsw.Connection) -> tuple[int, int]:
    """Where the page with the table's one row begins in the file, and its length."""
    size = int(connection.pragma("page_size"))
    return (int(connection.execute(_PAGE, (_TABLE,)).get) - 1) * size, size


def _place(file: BinaryIO, page: tuple[int, int], text: str) -> int:
    """Where a text stands in the file, on a page of it."""
    begin, size = page
    file.seek(begin)
    return begin + max(file.read(size).find(text.encode()), 0)


def _sha256(file: BinaryIO, place: int) -> str:
    """The SHA-256 of a file, as it is without the one that stands in it."""
    hashed = hashlib.sha256()
    file.seek(0)
    _update(hashed, file, place)
    hashed.update(_UNKNOWN.encode())
    file.seek(place + len(_UNKNOWN))
    _update(hashed, file, None)
    return hashed.hexdigest()


def _update(hashed: "hashlib._Hash", file: BinaryIO, length: int | None) -> None:
    while piece := file.read(_PIECE if length is None else min(length, _PIECE)):
        hashed.update(piece)
        length = None if length is None else length - len(piece)
