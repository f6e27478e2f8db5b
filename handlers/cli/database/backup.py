"""`chat-bindings backup`: a consistent copy of the database, while servers run."""

import click

from ...files import destination_path
from ...storage.engines import administration
from ..options import database_option, option
from ..progress import progress, summarize


@click.command()
@option(
    "-o",
    "--output",
    metavar="FILE|-",
    required=True,
    type=click.Path(dir_okay=False, allow_dash=True),
    help="File to write, complete or not at all, and readable by you alone; - for standard output.",
)
@database_option
def backup(*, output: str, database: str) -> None:
    """Back up the database, while servers run on it.

    The backup is one file, of the same format for every engine. It has all writes acknowledged by one moment, and no
    byte of deleted data. It is verified before success is reported. Servers read and write meanwhile; data that is
    deleted during the copy is erased from the database's files right after.

    It contains personal data and the SHA-256 of tokens: encrypt it, and keep it no longer than you may. Restore it by
    `restore`.

    \b
    Examples:
      chat-bindings backup -o backup.db
      chat-bindings backup -o - | age --recipients-file team.txt > backup.age
    """
    from ...storage.sqlite.backup import write
    from ...storage.sqlite.connection import BACKUP

    with destination_path(output, replaceable=BACKUP) as path, administration(database) as storage:
        contents = write(storage, path, progress)
    click.echo(f"Backed up: {summarize(contents)}.", err=True)
