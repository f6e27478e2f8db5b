"""`chat-bindings export`: write all that the database holds as a world."""

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
    """Write all that the database holds as a world.

    That is one JSON document, of one moment, which can be imported again. There is one Binding on a line, and all are
    in the order of their SIDs: what is the same gives the same bytes. Of tokens and secrets only their SHA-256 is
    known, and written. It holds personal data: keep it no longer than you may.

    \b
    Examples:
      chat-bindings export -o world.json
      chat-bindings export | gzip > world.json.gz
    """
    with (
        destination(output) as file,  # first, since what reads slowly must not keep the snapshot open
        administration(database) as storage,
        storage.snapshot(),
        progress("exporting", storage.count_bindings()) as advance,
    ):
        export(storage, file, advance)
