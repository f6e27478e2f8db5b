"""The address of a database: `sqlite:///path` or `postgresql://...`."""

from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from platformdirs import user_data_path

from .interface import Administration, Storage


class BadLocator(ValueError):
    """The address of a database cannot be used; the message says why, and what to write instead."""


def default_path() -> Path:
    """A file in the user's data directory."""
    return user_data_path("chat-bindings") / "chat-bindings.db"


def default_locator() -> str:
    """The address of `default_path`."""
    return f"sqlite:///{quote(str(default_path()))}"


def _sqlite_path(locator: str) -> Path:
    parts = urlsplit(locator)
    if parts.password is not None:
        raise BadLocator("the database address holds a password, which `ps` would show: put it where only you can read")
    if parts.scheme in ("postgresql", "postgres"):
        raise BadLocator("this version keeps its data in SQLite only: write sqlite:///path")
    if parts.scheme != "sqlite":
        raise BadLocator(f"{parts.scheme or locator!r} is not a kind of database: write sqlite:///path")
    if parts.netloc or parts.query or parts.fragment or parts.path in ("", "/"):
        raise BadLocator("an SQLite address is sqlite:/// and a path: sqlite:///relative.db or sqlite:////absolute.db")
    return Path(unquote(parts.path[1:]))


def storage(locator: str, binding_types: tuple[str, ...]) -> Storage:
    """The engine that serves from a database; `binding_types` are all that there are, in the spec's order."""
    from .sqlite.engine import SqliteStorage

    return SqliteStorage(_sqlite_path(locator), binding_types)


def administration(locator: str) -> Administration:
    """The engine that the commands use on a database."""
    from .sqlite.administration import SqliteAdministration

    return SqliteAdministration(_sqlite_path(locator))


def check(locator: str) -> None:
    """Raise `BadLocator` for an address that cannot be used, before anything is opened."""
    _sqlite_path(locator)
