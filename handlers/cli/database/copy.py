"""`chat-bindings database copy`: copy a database into an empty one, and compare the two."""

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
    """Copy a database into an empty one.

    FROM and TO are addresses as for --database, of the same engine or of two. The copy is of one moment, with SIDs,
    times and digests of tokens. It is committed only if the counts and the SHA-256 of all rows, read again from TO, are
    the same; otherwise TO stays empty. A server may run on FROM meanwhile, but later writes are not copied: stop it, or
    serve with --no-registration.

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
                reading = _read("FROM", parts(source))
                before = tally(reading, progress("copying", total), lambda part: part.add_to(loader))
                loader.finish(progress)
                after = tally(parts(target), progress("comparing", total))
                click.echo(f"FROM: {before}\nTO:   {after}")
                if before != after:
                    raise Conflict("it does not hold what FROM holds")


def _must_be_empty(target: Administration) -> None:
    if held := sum(1 for _ in target.accounts()):
        raise Conflict(f"it holds {held} account{'s' * (held > 1)} already: name a new database")


def _read(name: str, found: Iterable["Part"]) -> Iterator["Part"]:
    with _end(name):
        yield from found


@contextmanager
def _end(name: str) -> Iterator[None]:
    """Raise a `Refusal` that names the database at fault, FROM or TO."""
    try:
        yield
    except StorageUnavailable as error:
        raise Refusal(f"{name} is unavailable: {error}. Nothing was copied.") from error
    except StorageDamaged as error:
        raise Refusal(f"{name} is no database of chat-bindings, or damaged: {error}. Nothing was copied.") from error
    except Conflict as error:
        raise Refusal(f"{name} cannot be used: {error}. Nothing was copied.") from error
