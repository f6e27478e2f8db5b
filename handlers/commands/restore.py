"""`chat-bindings restore`: put back what `backup` has written."""

import click

from ..storage.locator import administration
from .failures import Refusal
from .options import database_option, option
from .progress import progress


@click.command()
@click.argument(
    "backup", metavar="FILE|-", type=click.Path(exists=True, dir_okay=False, readable=True, allow_dash=True)
)
@option("--replace", is_flag=True, variable=False, help="Replace what the database holds, all of it.")
@database_option
def restore(*, backup: str, replace: bool, database: str) -> None:
    """Make the database what it was when a backup was made.

    The backup is checked first, byte by byte: one that was changed or is damaged is refused. The database must be new,
    or hold nothing, or be replaced as a whole. It can be of another kind than the one that was backed up, and the
    backup of an older version. The database holds all of it in the end, or is as it was.

    Servers that run on a database that is replaced go on reading; what they are asked to write meanwhile, they answer
    with 503. What was deleted since the backup was made is back: delete it again.

    \b
    Examples:
      chat-bindings restore backup.db --database sqlite:///bindings.db
      age --decrypt --identity key.txt backup.age | chat-bindings restore - --replace
    """
    from ..storage.sqlite.manifest import BadBackup
    from ..storage.sqlite.restoring import restore as put_back

    name = "standard input" if backup == "-" else backup
    try:
        with click.open_file(backup, "rb") as file, administration(database) as storage:
            contents = put_back(file, storage, progress, replace=replace)
    except BadBackup as error:
        raise Refusal(f"{name} {error}. Nothing was restored.") from None
    told = ", ".join(f"{noun} {number}" for noun, number in contents._asdict().items())
    click.echo(f"Restored: {told}.", err=True)
