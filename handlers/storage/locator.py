"""The address of a database: `sqlite:///path` or `postgresql://user@host/database`."""

from importlib.util import find_spec
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit

from platformdirs import user_data_path

from ..files import real
from .interface import Administration, Storage

_POSTGRESQL = ("postgresql", "postgres")
"""Schemes of PostgreSQL, as its own programs take them."""

_WRITE = "write sqlite:///path or postgresql://user@host/database"

_SECRETS = ("password", "sslpassword")
"""What of an address's query is a secret."""


class BadLocator(ValueError):
    """The address of a database cannot be used; the message says why, and what to write instead."""


def default_path() -> Path:
    """A file in the user's data directory."""
    return user_data_path("chat-bindings") / "chat-bindings.db"


def default_locator() -> str:
    """The address of `default_path`."""
    return f"sqlite:///{quote(str(default_path()))}"


def _split(locator: str) -> SplitResult:
    try:
        parts = urlsplit(locator)
    except ValueError:  # whose message repeats the address
        raise BadLocator(f"the database address is no URL: {_WRITE}") from None
    if parts.scheme not in ("sqlite", *_POSTGRESQL):
        raise BadLocator(f"{parts.scheme or locator!r} is not a kind of database: {_WRITE}")
    return parts


def _has_password(parts: SplitResult) -> bool:
    return parts.password is not None or any(name in _SECRETS for name, _ in parse_qsl(parts.query))


def _sqlite_path(parts: SplitResult) -> Path:
    if parts.netloc or parts.query or parts.fragment or parts.path in ("", "/"):
        raise BadLocator("an SQLite address is sqlite:/// and a path: sqlite:///relative.db or sqlite:////absolute.db")
    path = Path(unquote(parts.path[1:]))
    # SQLite's other files stand beside the real one
    return path if real(path) == path.absolute() else real(path)


def _must_be_postgresql(locator: str) -> None:
    if find_spec("psycopg") is None or find_spec("psycopg_pool") is None:
        raise BadLocator("PostgreSQL needs more than is installed: pip install 'chat-bindings[postgres]'")
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    try:
        conninfo_to_dict(locator)
    except ProgrammingError:  # whose message repeats parts of the address
        raise BadLocator(
            "the database address cannot be read: write postgresql://user@host:5432/database, "
            "with what is no letter or digit percent-encoded"
        ) from None


def storage(locator: str, binding_types: tuple[str, ...]) -> Storage:
    """The engine that serves from a database; `binding_types` are all that there are, in the spec's order."""
    parts = _split(locator)
    if parts.scheme in _POSTGRESQL:
        from .postgresql.engine import PostgresStorage

        return PostgresStorage(locator, binding_types)
    from .sqlite.engine import SqliteStorage

    return SqliteStorage(_sqlite_path(parts), binding_types)


def administration(locator: str) -> Administration:
    """The engine that the commands use on a database."""
    parts = _split(locator)
    if parts.scheme in _POSTGRESQL:
        from .postgresql.administration import PostgresAdministration

        return PostgresAdministration(locator)
    from .sqlite.administration import SqliteAdministration

    return SqliteAdministration(_sqlite_path(parts))


def check(locator: str, *, seen: bool = True) -> None:
    """Raise `BadLocator` for an address that cannot be used, before anything is opened.

    One that others can see, on a command line, must hold no password.
    """
    parts = _split(locator)
    if _has_password(parts) and (seen or parts.scheme not in _POSTGRESQL):
        raise BadLocator(
            "the database address holds a password, which `ps` would show: leave it out and put it into the file that "
            "PGPASSFILE names (~/.pgpass), into PGPASSWORD, or give the whole address in CHAT_BINDINGS_DATABASE"
        )
    if parts.scheme in _POSTGRESQL:
        _must_be_postgresql(locator)
    else:
        _sqlite_path(parts)


def shown(locator: str) -> str:
    """An address as it may be logged: without a password."""
    parts = _split(locator)
    if not _has_password(parts):
        return locator
    user_info, at, host = parts.netloc.rpartition("@")
    query = "&".join(each for each in parts.query.split("&") if unquote(each.partition("=")[0]) not in _SECRETS)
    user = user_info.partition(":")[0]
    return f"{parts.scheme}://{user}{at if user else ''}{host}{parts.path}{'?' if query else ''}{query}"
