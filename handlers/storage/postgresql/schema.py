"""The schema of a PostgreSQL database, and its migrations."""

from psycopg import errors

from ..interface import Conflict, Schema
from ..migrations import scripts
from . import citus
from .connection import SyncConnection, message_of

_LOCK = 0x63686174
"""The key of the advisory lock that a migration holds: "chat" in ASCII."""

_TABLE = """
    CREATE TABLE IF NOT EXISTS chat_bindings_migrations (
        number     INTEGER NOT NULL PRIMARY KEY,
        applied_at TIMESTAMPTZ NOT NULL
    )"""

# by a scan and not by `to_regclass`, which may remember from before a wait for the lock that there was no such table
_TABLES = """
    SELECT relname FROM pg_catalog.pg_class
    WHERE relname IN ('chat_bindings_migrations', 'bindings') AND pg_catalog.pg_table_is_visible(oid)"""


def schema(connection: SyncConnection) -> Schema:
    """Return how far a schema is. Raises `Conflict` where its tables are another program's."""
    tables = {name for (name,) in connection.execute(_TABLES)}
    if tables == {"bindings"}:
        raise Conflict("the database has a table `bindings` that is another program's: use another database or schema")
    applied = 0
    if tables:
        ((applied,),) = connection.execute("SELECT coalesce(max(number), 0) FROM chat_bindings_migrations")
    return Schema(applied, scripts("postgresql")[-1][0])


def migrate(connection: SyncConnection) -> int:
    """Apply the missing migrations, all or none, and distribute on Citus. Return the number of the last one.

    Where nothing is missing the database is only read, so a role without rights on the schema can do that.
    """
    state = schema(connection)
    if state.newer:
        raise Conflict(
            "the database was made by a newer version of chat-bindings: use that version, or another database"
        )
    if state.current and not citus.pending(connection):
        return state.applied
    try:
        with connection.transaction():
            return _apply(connection)
    except errors.InsufficientPrivilege as error:
        if state.current:  # it serves undistributed as well, until a role that may distributes it
            return state.applied
        raise Conflict(
            f"the database lacks migrations, and this role may not make them ({message_of(error)}): "
            "run `database upgrade` as a role that may"
        ) from error


def _apply(connection: SyncConnection) -> int:
    connection.execute("SET LOCAL lock_timeout = '60s'")
    connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))  # of several processes one migrates
    applied = schema(connection).applied  # what another has done while we waited
    if not applied:
        ((encoding,),) = connection.execute("SHOW server_encoding")
        if encoding != "UTF8":
            raise Conflict(
                f"the database's encoding is {encoding}: make it again with ENCODING 'UTF8' TEMPLATE template0"
            )
        connection.execute(_TABLE)
    for number, script in scripts("postgresql"):
        if number > applied:
            connection.execute(script)
            connection.execute("INSERT INTO chat_bindings_migrations VALUES (%s, now())", (number,))
    citus.distribute(connection)
    return scripts("postgresql")[-1][0]
