"""`chat-bindings import`, `export` and `fixtures`: worlds into a database, out of it, and for verification."""

import os

import click

from ..failures import Refusal
from ..files import destination
from ..server.setting import MOST
from ..storage.engines import administration
from .options import Whole, database_option, option, output_option
from .progress import progress, summarize


@click.command()
@click.argument(
    "world", metavar="WORLD.json|-", type=click.Path(exists=True, dir_okay=False, readable=True, allow_dash=True)
)
@option(
    "--replace",
    is_flag=True,
    variable=False,
    help="First delete the accounts that the world names, with everything they contain.",
)
@database_option
def import_world(*, world: str, replace: bool, database: str) -> None:
    """Add a world to the database.

    A world is a JSON document of accounts, keys, services and Bindings, as `export` writes it. All of it is added, or
    nothing: an error names the line, the JSON pointer and the broken rule.

    \b
      {"accounts": [{"sid": "AC...", "auth_token": "...", "keys": [{"sid": "SK...", "secret": "..."}],
                     "services": [{"sid": "IS...", "bindings": [BINDING, ...]}]}]}

    A BINDING is as the API serves it; url, links, account_sid and service_sid are optional. auth_token_sha256 and
    secret_sha256 can replace auth_token and secret. Running servers read meanwhile, and answer writes with 503. A pipe
    is first copied to an unnamed temporary file, in TMPDIR.

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
        remedy = "" if replace else " With --replace, the accounts that it names are removed first."
        raise Refusal(f"{name}, {error}. Nothing was imported.{remedy}") from None
    except WorldError as error:
        raise Refusal(f"{name}, {error}. Nothing was imported.") from None
    click.echo(f"Imported: {summarize(counts)}.", err=True)


@click.command()
@output_option
@database_option
def export_world(*, output: str, database: str) -> None:
    """Write the database's content as a world.

    A world is one JSON document, of one moment, for `import`. Records are in the order of their SIDs, with one Binding
    a line: the same content gives the same bytes. Tokens and secrets are written as their SHA-256. The document
    contains personal data: keep it no longer than you may.

    \b
    Examples:
      chat-bindings export -o world.json
      chat-bindings export | gzip > world.json.gz
    """
    from ..world.exporter import export

    with (
        destination(output) as file,  # outermost: a slow reader must not keep the snapshot open
        administration(database) as storage,
        storage.snapshot(),
        progress("exporting", storage.count_bindings()) as advance,
    ):
        export(storage, file, advance)


@click.command()
@option("--seed", type=Whole(0, MOST), default=0, show_default=True, help="Chooses the SIDs, tokens and devices.")
@output_option
def fixtures(*, seed: int, output: str) -> None:
    """Write a world for verification.

    It has what breaks naive servers: odd identities, long endpoints, full and empty services.

    The same seed gives the same world. Its tokens are therefore public: never import it beside real data.

    \b
    Examples:
      chat-bindings fixtures -o world.json
      chat-bindings fixtures --seed 7 | chat-bindings import -
    """
    from ..world.fixtures import make_world
    from ..world.writer import write_world

    with destination(output) as file:
        write_world(file, make_world(seed))
