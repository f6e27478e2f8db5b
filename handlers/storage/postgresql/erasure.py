"""Erasure of deleted data from PostgreSQL's files, which the server does not do by itself.

VACUUM leaves most bytes of deleted rows in the table and its indexes until their space is used again, and the server
keeps segments of the write-ahead log to write them over. So the table is rewritten, and then no old segment is needed.
"""

import re
import time
from collections.abc import Iterator

from psycopg import errors
from psycopg.errors import Diagnostic

from . import citus
from .connection import SyncConnection, message_of

_REWRITE = "VACUUM (FULL, VERBOSE) bindings"

_NEW_SEGMENT, _FORGET_OLD = "SELECT pg_switch_wal()", "CHECKPOINT"

_KEEPING = {
    "SELECT FROM pg_settings WHERE name = 'wal_recycle' AND setting <> 'off'": (
        "segments of the write-ahead log are kept to be written over: set wal_recycle to off"
    ),
    "SELECT FROM pg_settings WHERE name = 'wal_keep_size' AND setting <> '0'": (
        "segments of the write-ahead log are kept for standbys: set wal_keep_size to 0"
    ),
    "SELECT FROM pg_replication_slots": (
        "a replication slot may keep segments of the write-ahead log: they go when its reader has read them"
    ),
    "SELECT FROM pg_settings WHERE name = 'archive_mode' AND setting <> 'off'": (
        "the write-ahead log is archived: what is in the archive stays until it expires there"
    ),
}
"""Queries for other copies of deleted data, and the sentence for each."""

_KEEPING_ON_CITUS = _KEEPING | {
    "SELECT FROM pg_dist_cleanup": "a shard that was moved away is still there: Citus drops it within a minute",
}

_OLDER = """
    SELECT EXISTS (SELECT FROM pg_stat_activity WHERE backend_xmin IS NOT NULL AND datname = current_database()
                   AND pid <> pg_backend_pid() AND xact_start < clock_timestamp() - interval '{0:.3f} seconds')
        OR EXISTS (SELECT FROM pg_prepared_xacts WHERE prepared < clock_timestamp() - interval '{0:.3f} seconds')"""

_OLDER_TRANSACTION = "an older transaction: try again when it has ended"

_WAIT, _PAUSE = 10.0, 0.5
"""Seconds to wait for transactions on the nodes of Citus to end, and between two checks."""


def erase(connection: SyncConnection) -> list[str]:
    """Erase all deleted data from the server's files. Return the obstacles, a sentence each."""
    if citus.is_there(connection):
        return list(_erase_nodes(connection))
    kept = [sentence for question, sentence in _KEEPING.items() if connection.execute(question).fetchall()]
    return [*_rewrite(connection), *_remove_segments(connection), *kept]


def _rewrite(connection: SyncConnection) -> list[str]:
    obstacles = []

    def note(notice: Diagnostic) -> None:  # which can be read here alone
        if notice.severity_nonlocalized == "WARNING":  # it leaves a table, rather than fail, that is another role's
            obstacles.append(f"the table was not written anew: {notice.message_primary}")
        elif seen := re.match(r"[1-9]\d*", notice.message_detail or ""):  # rows that cannot be removed yet
            obstacles.append(f"{seen[0]} deleted rows can still be seen by {_OLDER_TRANSACTION}")

    connection.add_notice_handler(note)
    try:
        connection.execute(_REWRITE)
    finally:
        connection.remove_notice_handler(note)
    return obstacles


def _remove_segments(connection: SyncConnection) -> list[str]:
    try:
        connection.execute(_NEW_SEGMENT)
        connection.execute(_FORGET_OLD)
    except errors.InsufficientPrivilege as error:
        mend = "grant this role pg_checkpoint, and EXECUTE on pg_switch_wal()"
        return [f"segments of the write-ahead log remain ({message_of(error)}): {mend}"]
    return []


def _erase_nodes(connection: SyncConnection) -> Iterator[str]:
    """Erase on every node of Citus. It rewrites all shards, but passes no notice of theirs on."""
    for node in _wait_for_older(connection):
        yield f"on {node}, deleted rows can still be seen by {_OLDER_TRANSACTION}"
    yield from _rewrite(connection)
    for command in (_NEW_SEGMENT, _FORGET_OLD):
        for node, success, result in citus.run_on_all_nodes(connection, command):
            if not success:
                yield f"on {node}, segments of the write-ahead log remain: {result}"
    for question, sentence in _KEEPING_ON_CITUS.items():
        for node, success, result in citus.run_on_all_nodes(connection, f"SELECT EXISTS ({question})"):
            if not success or result == "t":
                yield f"on {node}, {sentence}"


def _wait_for_older(connection: SyncConnection) -> list[str]:
    """Wait for the transactions that are older than this call: the nodes where some remain."""
    start = time.monotonic()
    while True:
        elapsed = time.monotonic() - start
        found = citus.run_on_all_nodes(connection, _OLDER.format(elapsed))
        nodes = [node for node, success, result in found if not success or result == "t"]
        if not nodes or elapsed > _WAIT:
            return nodes
        time.sleep(_PAUSE)
