"""`chat-bindings export`: write the database's content as a world."""

import click

from ..files import destination
from ..storage.engines import administration
from ..world.exporter import export
from .options import database_option, output_option
from .progress import progress


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
    with (
        destination(output) as file,  # outermost: a slow reader must not keep the snapshot open
        administration(database) as storage,
        storage.snapshot(),
        progress("exporting", storage.count_bindings()) as advance,
    ):
        export(storage, file, advance)
