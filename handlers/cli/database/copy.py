"""`chat-bindings database copy`: move all that one database holds into another, and prove that it is the same."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from ...failures import Refusal
from ...storage.administration import Administration
from ...storage.engines import administration
from ...storage.interface import Conflict, StorageDamaged, StorageUnavailable
from ..options import database_argument
from ..progress import progress

if TYPE_CHECKING:
    from ...storage.copying import Part


@click.command()
@database_argument("source", "FROM")
@database_argument("target", "TO")
def copy(*, source: str, target: str) -> None:
    """Copy all that a database holds into an empty one.

    FROM and TO are addresses as --database takes them, of any two kinds. What FROM holds at one moment is copied,
    SIDs, times and digests of tokens included, and read again from TO: only when the counts and the SHA-256 of all
    rows are the same does it stay there. Otherwise, and when anything fails, TO holds nothing. A server may run on
    FROM meanwhile, but what it is told after that moment is not copied: stop it, or serve with --no-registration.

    \b
    Example:
      chat-bindings database copy sqlite:///bindings.db sqlite:///copy.db
    """
    with administration(source) as reading, administration(target) as writing:
        _copy(reading, writing)
    click.echo("Copied: both hold the same.", err=True)


def _copy(source: Administration, target: Administration) -> None:
    from ...storage.copying import parts, tally

    with _end("FROM"), source.snapshot():
        total = source.count_bindings()
        with _end("TO"):
            if source.identity() == target.identity():
                raise Conflict("it is the same database as FROM: name another")
            target.migrate()
            with target.load() as loader:
                _must_be_empty(target)
                with progress("copying", total) as advance:
                    before = tally(_telling("FROM", parts(source)), advance, lambda part: part.add_to(loader))
                loader.finish(progress)
                with progress("comparing", total) as advance:
                    after = tally(parts(target), advance, lambda _: None)
                click.echo(f"FROM: {before}\nTO:   {after}")
                if str(before) != str(after):
                    raise Conflict("it does not hold what FROM holds")


def _must_be_empty(target: Administration) -> None:
    if held := sum(1 for _ in target.accounts()):
        raise Conflict(f"it holds {held} account{'s' * (held > 1)} already: name a new database")


def _telling(name: str, found: Iterable["Part"]) -> Iterator["Part"]:
    with _end(name):
        yield from found


@contextmanager
def _end(name: str) -> Iterator[None]:
    """Say which of the two databases it was that something is wrong with."""
    try:
        yield
    except StorageUnavailable as error:
        raise Refusal(f"{name} is away: {error}. Nothing was copied.") from error
    except StorageDamaged as error:
        raise Refusal(f"{name} is no database of chat-bindings, or damaged: {error}. Nothing was copied.") from error
    except Conflict as error:
        raise Refusal(f"{name} cannot be used: {error}. Nothing was copied.") from error
