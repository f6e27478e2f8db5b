"""`chat-bindings import`: add a world to the database."""

import os

import click

from ..failures import Refusal
from ..storage.engines import administration
from .options import database_option, option
from .progress import progress


@click.command()
@click.argument(
    "world", metavar="WORLD.json|-", type=click.Path(exists=True, dir_okay=False, readable=True, allow_dash=True)
)
@option(
    "--replace",
    is_flag=True,
    variable=False,
    help="First remove the accounts that the world names, and all that they have.",
)
@database_option
def import_world(*, world: str, replace: bool, database: str) -> None:
    """Add a world to the database.

    A world is a JSON document with accounts, keys, services and Bindings, of the form that `export` writes. All of it
    is added, or nothing: what breaks a rule, or is there already, is told with its line and its JSON pointer.

    \b
      {"accounts": [{"sid": "AC...", "auth_token": "...", "keys": [{"sid": "SK...", "secret": "..."}],
                     "services": [{"sid": "IS...", "bindings": [BINDING, ...]}]}]}

    A BINDING is as the API serves it; url, links, account_sid and service_sid can be left out. Instead of auth_token
    and secret there can be auth_token_sha256 and secret_sha256. Servers that are running go on reading meanwhile; what
    they are asked to write, they answer with 503. What comes through a pipe is first copied to a temporary file without
    a name, in TMPDIR.

    \b
    Examples:
      chat-bindings import world.json
      zcat world.json.gz | chat-bindings import --replace -
    """
    from ..world.loader import WorldConflict, add, finish
    from ..world.reader import WorldError
    from ..world.source import open_seekable

    name = "standard input" if world == "-" else world
    try:
        with open_seekable(world) as file, administration(database) as storage:
            storage.migrate()
            size = os.fstat(file.fileno()).st_size
            with storage.load() as loader:
                with progress("importing", size, in_bytes=True) as advance:
                    counts = add(loader, file, advance, replace=replace)
                finish(loader, file, progress)
    except WorldConflict as error:
        mend = "" if replace else " With --replace, the accounts that it names are removed first."
        raise Refusal(f"{name}, {error}. Nothing was imported.{mend}") from None
    except WorldError as error:
        raise Refusal(f"{name}, {error}. Nothing was imported.") from None
    told = ", ".join(f"{noun} {number}" for noun, number in counts._asdict().items())
    click.echo(f"Imported: {told}.", err=True)
