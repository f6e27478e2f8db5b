"""`chat-bindings database`: its schema, and what is done to all of it."""

import click

from ...storage.engines import administration, mask_password
from ..options import database_option
from .copy import copy
from .erase import erase


@click.group()
def database() -> None:
    """Bring a database up to date, copy it, erase what is deleted.

    `serve`, `import` and what else writes upgrade it by themselves, where their role may. So `upgrade` is needed only
    where the role that serves may not change the schema.

    \b
    Examples:
      chat-bindings database status
      chat-bindings database upgrade --database postgresql://owner@db.example.com/chat
    """


@database.command()
@database_option
def upgrade(*, database: str) -> None:
    """Apply the migrations that the database lacks.

    Many may be started at once: one migrates, and the others wait for it.

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
    """Say whether the database has all migrations.

    The exit code is 0 if it has, 1 if not, and 2 if it is away.

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
