"""`chat-bindings backup`: a copy of the database that is one moment of it, while servers go on."""

import click

from ...failures import Refusal
from ...files import destination_path
from ...storage.engines import administration
from ..options import database_option, option
from ..progress import progress


@click.command()
@option(
    "-o",
    "--output",
    metavar="FILE|-",
    required=True,
    type=click.Path(dir_okay=False, allow_dash=True),
    help="Where to write; - for standard output. A file is complete or not there at all, and readable by you alone.",
)
@database_option
def backup(*, output: str, database: str) -> None:
    """Back the database up, while servers run on it.

    The backup is one file, whatever kind of database it is made of: all that was acknowledged by one moment, and no
    byte of what had been deleted by then. It is checked before it is announced. Servers go on reading and writing; what
    is deleted while the copy is made is erased from the database's files right after.

    It holds personal data, and the SHA-256 of tokens: encrypt it, and keep it no longer than you may. `restore` puts
    it back.

    \b
    Examples:
      chat-bindings backup -o backup.db
      chat-bindings backup -o - | age --recipients-file team.txt > backup.age
    """
    from ...storage.sqlite.backup import Unwritable, write
    from ...storage.sqlite.connection import BACKUP

    try:
        with destination_path(output, replaceable=BACKUP) as path, administration(database) as storage:
            contents = write(storage, path, progress)
    except Unwritable as error:
        raise Refusal(f"--output {output} cannot be written: {error}.") from None
    told = ", ".join(f"{noun} {number}" for noun, number in contents._asdict().items())
    click.echo(f"Backed up: {told}.", err=True)
