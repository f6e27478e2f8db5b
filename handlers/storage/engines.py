"""The address of a database: `sqlite:///path` or `postgresql://user@host/database`."""

import os
import re
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit

from ..files import real
from .administration import Administration, Kept
from .interface import Storage

_POSTGRESQL = ("postgresql", "postgres")  # as its own programs take them

_WRITE = "write sqlite:///path or postgresql://user@host/database"

_SQLITE = "sqlite:///relative.db or sqlite:////absolute.db"

_SECRETS = ("password", "sslpassword")


class BadLocator(ValueError):
    """The address of a database cannot be used; the message says why, and what to write instead."""


def default_path() -> Path:
    """Return a file in the user's data directory (XDG Base Directory Specification; Apple's Library on macOS)."""
    try:
        if sys.platform == "darwin":
            folder = Path.home() / "Library" / "Application Support"
        else:
            folder = Path(os.environ.get("XDG_DATA_HOME", "").strip() or Path.home() / ".local" / "share")
    except RuntimeError:
        raise BadLocator(
            "there is no home directory, so no default: name a database, such as sqlite:////data/chat.db"
        ) from None
    return folder / "chat-bindings" / "chat-bindings.db"


def default_locator() -> str:
    """Return the address of `default_path`. Raises `BadLocator` where there is no home directory."""
    return f"sqlite:///{quote(str(default_path()))}"


def _split(locator: str) -> SplitResult:
    _must_be_spelt_out(locator)
    try:
        parts = urlsplit(locator)
    except ValueError:  # whose message repeats the address
        raise BadLocator(f"the database address is no URL: {_WRITE}") from None
    if parts.scheme not in ("sqlite", *_POSTGRESQL):
        raise BadLocator(f"{parts.scheme or locator[:60]!r} is not a kind of database: {_WRITE}")
    return parts


def _has_password(parts: SplitResult) -> bool:
    return parts.password is not None or any(name in _SECRETS for name, _ in parse_qsl(parts.query))


def _sqlite_path(locator: str) -> Path | None:
    """Return the path of an SQLite address, with symbolic links resolved; None for PostgreSQL."""
    parts = _split(locator)
    if parts.scheme in _POSTGRESQL:
        return None
    if parts.netloc or parts.path in ("", "/"):
        raise BadLocator(f"an SQLite address is sqlite:/// and a path: {_SQLITE}")
    path = unquote(parts.path[1:])
    if path == ":memory:" or path.startswith("file:"):
        raise BadLocator(
            f"the database is a file, and {path[:8]} is none: write {_SQLITE}, or `serve --demo` for a try"
        )
    if path.startswith("~"):
        raise BadLocator("only a shell knows ~: write the whole path of the home directory, sqlite:////home/me/chat.db")
    if "\0" in path:
        raise BadLocator("no path has a NUL: leave %00 out")
    # SQLite's other files stand beside the real one
    return Path(path) if real(Path(path)) == Path(path).absolute() else real(Path(path))


def _must_be_spelt_out(locator: str) -> None:
    """Refuse what a URL would drop, or take for something else, in silence."""
    bare = locator.removeprefix("sqlite:///")
    if bare != bare.strip() or locator != locator.strip():
        raise BadLocator("the database address has a space at an end: leave it out, or write %20 for one of the path")
    if not locator.isprintable():
        raise BadLocator("the database address has a control character: percent-encode it")
    if locator.startswith("sqlite:") and (found := re.search("[?#]", locator)):
        raise BadLocator(
            f"in an SQLite address {found[0]} is written {quote(found[0])}, and there are no parameters: {_SQLITE}"
        )


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


def storage(locator: str, binding_types: tuple[str, ...], on_commit: Callable[[int], object] = int) -> Storage:
    """Make the engine that serves. `binding_types` are all; `on_commit` gets the number of writes of each commit."""
    if path := _sqlite_path(locator):
        from .sqlite.engine import SqliteStorage

        return SqliteStorage(path, binding_types, on_commit)
    from .postgresql.engine import PostgresStorage

    return PostgresStorage(locator, binding_types)


def administration(locator: str) -> Administration:
    """Make the engine that the commands use on a database."""
    if path := _sqlite_path(locator):
        from .sqlite.administration import SqliteAdministration

        return SqliteAdministration(path, make_folder=_is_default(path))
    from .postgresql.administration import PostgresAdministration

    return PostgresAdministration(locator)


def kept(locator: str) -> Kept:
    """Make the copy of a database to return to."""
    if path := _sqlite_path(locator):
        from .sqlite.kept import SqliteKept

        return SqliteKept(path)
    from .postgresql.kept import PostgresKept

    return PostgresKept(locator)


def _is_default(path: Path) -> bool:
    try:
        return real(path) == real(default_path())
    except BadLocator:
        return False


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
    if _sqlite_path(locator) is None:
        _must_be_postgresql(locator)


def mask_password(locator: str) -> str:
    """Remove the password from an address, for the log."""
    parts = _split(locator)
    if not _has_password(parts):
        return locator
    user_info, at, host = parts.netloc.rpartition("@")
    query = "&".join(each for each in parts.query.split("&") if unquote(each.partition("=")[0]) not in _SECRETS)
    user = user_info.partition(":")[0]
    return f"{parts.scheme}://{user}{at if user else ''}{host}{parts.path}{'?' if query else ''}{query}"
