"""`chat-bindings database`: migrations, copies and erasure."""

import click

from ...storage.engines import administration, mask_password
from ..options import database_option
from .copy import copy
from .erase import erase


@click.group()
def database() -> None:
    """Upgrade and copy a database, and erase deleted data.

    Every command that writes, `serve` too, applies migrations itself. `upgrade` is needed only where the server's role
    may not change the schema.

    \b
    Examples:
      chat-bindings database status
      chat-bindings database upgrade --database postgresql://owner@db.example.com/chat
    """


@database.command()
@database_option
def upgrade(*, database: str) -> None:
    """Apply all pending migrations.

    Several may run at once: one migrates, and the others wait for it.

    \b
    Example:
      chat-bindings database upgrade --database postgresql://owner@db.example.com/chat
    """
    with administration(database) as storage:
        last = storage.migrate()
    click.echo(f"{mask_password(database)} is up to date: migration {last}.")


@database.command()
@database_option
def status(*, database: str) -> int:
    """Show whether the database has all migrations.

    Exit codes: 0 it has, 1 it has not, 2 it is unavailable.

    \b
    Example:
      chat-bindings database status
    """
    with administration(database) as storage:
        schema = storage.schema()
    name = mask_password(database)
    if schema.current:
        click.echo(f"{name} is up to date: migration {schema.applied}.")
        return 0
    if schema.newer:
        click.echo(f"{name} is at migration {schema.applied}; this version knows {schema.latest}: use a newer version.")
    else:
        click.echo(f"{name} is at migration {schema.applied} of {schema.latest}: run `chat-bindings database upgrade`.")
    return 1


database.add_command(copy)
database.add_command(erase)
