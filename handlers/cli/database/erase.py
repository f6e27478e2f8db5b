"""`chat-bindings database erase`: erase deleted data from the database's files."""

import click

from ...storage.engines import administration
from ..options import database_option


@click.command()
@database_option
def erase(*, database: str) -> int:
    """Erase deleted data from the database's files.

    A database keeps bytes of deleted rows, in its tables and in its write-ahead log. This rewrites the tables without
    them and empties the log: run it weekly, at a quiet time. Servers may run. On SQLite they read meanwhile, and answer
    writes with 503; it needs twice the database's size of free space beside it, and once in the folder of SQLITE_TMPDIR
    or TMPDIR. On PostgreSQL they answer 503 to all requests; it needs a server with wal_recycle = off, and a role that
    owns the tables, has pg_checkpoint and may call pg_switch_wal().

    Exit codes: 0 all is erased, 1 something may be left, which is printed, 2 it could not run. Backups are not changed:
    file backups contain what was not erased at their time.

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
        click.echo("Erased: no deleted data is left in the database's files.")
    return 1 if left else 0
