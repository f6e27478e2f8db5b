"""Distribution of the tables over a Citus cluster, where the database has that extension: all SQL for it.

`bindings` is distributed by `service_sid`, which every statement on it names: so each goes to one machine.
"""

from .connection import SyncConnection

_REFERENCE = ("accounts", "services", "api_keys", "erasures", "chat_bindings_migrations")
"""Reference tables, each after the tables that it refers to. They stand on every node, so any node can serve."""

# a foreign key to a table on all machines lets one transaction make both only when it works on one machine at a time
_ONE_BY_ONE = "SET LOCAL citus.multi_shard_modify_mode TO 'sequential'"

_ON_ALL_NODES = """
    SELECT nodename || ':' || nodeport, success, result
    FROM run_command_on_all_nodes(%s) JOIN pg_dist_node USING (nodeid) ORDER BY 1"""


def is_there(connection: SyncConnection) -> bool:
    """Tell whether the database has the extension."""
    return bool(connection.execute("SELECT FROM pg_extension WHERE extname = 'citus'").fetchall())


def pending(connection: SyncConnection) -> list[str]:
    """Statements that are to be run, in this order and in one transaction; none where there is no Citus."""
    if not is_there(connection):
        return []
    done = {name for (name,) in connection.execute("SELECT logicalrelid::text FROM pg_dist_partition")}
    statements = [f"SELECT create_reference_table('{name}')" for name in _REFERENCE if name not in done]
    if "bindings" not in done:
        statements.append("SELECT create_distributed_table('bindings', 'service_sid')")
    return [_ONE_BY_ONE, *statements] if statements else []


def distribute(connection: SyncConnection) -> None:
    """Distribute what is not distributed yet, with the rows that it holds. Must be called inside of a transaction."""
    for statement in pending(connection):
        connection.execute(statement)


def run_on_all_nodes(connection: SyncConnection, command: str) -> list[tuple[str, bool, str]]:
    """Run a command on every node: its name, whether that worked, and the first value, or the error's message."""
    return list(connection.execute(_ON_ALL_NODES, (command,)))
