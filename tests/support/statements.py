"""The statements that PostgreSQL executes, with their plans, from the log of its extension auto_explain."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from .engines import PostgresDatabase

_SETTINGS = {
    "session_preload_libraries": "auto_explain",
    "auto_explain.log_min_duration": "0",
    "auto_explain.log_analyze": "on",
    "auto_explain.log_timing": "off",
    "auto_explain.log_verbose": "on",
    "auto_explain.log_format": "json",
    "auto_explain.log_nested_statements": "on",  # those of foreign keys
    "log_statement": "mod",  # COPY, which has no plan
}

_PLAN = re.compile(r"LOG:  duration: [0-9.]+ ms  plan:\n((?:\t.*\n)+)")

_COPY = re.compile(r"LOG:  (?:statement|execute [^:]+): (COPY .*)\n")


class Statement(NamedTuple):
    """A statement, and the nodes of the plan that it was run by, from the outermost in; none of a COPY."""

    text: str
    nodes: list[dict[str, Any]]

    def on(self, table: str) -> list[dict[str, Any]]:
        """Return the nodes that work on a table."""
        return [node for node in self.nodes if node.get("Relation Name") == table]


def record(database: PostgresDatabase) -> None:
    """Make each new session in a database log its statements."""
    for name, value in _SETTINGS.items():
        database.execute(f"ALTER DATABASE {database.name} SET {name} = '{value}'")


@contextmanager
def recorded(database: PostgresDatabase) -> Iterator[list[Statement]]:
    """Record the statements that a database executes in the block; they are complete at its end."""
    found: list[Statement] = []
    path = database.server.folder / "log"
    before = path.stat().st_size
    yield found
    with path.open("rb") as file:
        file.seek(before)
        log = file.read().decode()
    for match in _PLAN.finditer(log):
        logged = json.loads(match[1].replace("\n\t", "\n"))
        found.append(Statement(logged["Query Text"], list(_nodes(logged["Plan"]))))
    found.extend(Statement(text, []) for text in _COPY.findall(log))


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from _nodes(child)
