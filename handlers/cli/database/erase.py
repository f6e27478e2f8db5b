"""`chat-bindings database erase`: leave nothing of what was deleted in the database's files."""

import click

from ...storage.engines import administration
from ..options import database_option


@click.command()
@database_option
def erase(*, database: str) -> int:
    """Erase what was deleted from the database's files.

    A database keeps bytes of what was deleted, in its tables and in its write-ahead log. This writes the tables anew
    without them and empties the log: run it weekly, at a quiet time. Servers may run. On SQLite they read meanwhile,
    and answer writes with 503; it takes twice the database's size of free space beside it, and once in the folder that
    SQLITE_TMPDIR or TMPDIR names. On PostgreSQL they answer 503 to all; it needs a server with wal_recycle = off, and
    a role that owns the tables, has pg_checkpoint and may call pg_switch_wal().

    The exit code is 0 when nothing is left, 1 when something may be, which is told, and 2 when it could not run.
    Backups are not touched: they hold what was not erased when they were taken.

    \b
    Examples:
      chat-bindings database erase
      chat-bindings database erase --database postgresql://owner@db.example.com/chat
    """
    with administration(database) as storage:
        left = storage.erase()
    for sentence in left:
        click.echo(f"Not all is erased: {sentence}.", err=True)
    if not left:
        click.echo("Erased: nothing of what was deleted is left in the database's files.")
    return 1 if left else 0
