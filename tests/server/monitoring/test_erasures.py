"""An erasure that is overdue is in the log and in a metric."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime

from ...conftest import load
from ...support.monitoring import OPTIONS, Monitor
from ...support.running import Service, wait_until

NAME = "chat_bindings_last_erasure_timestamp_seconds"


def test_an_overdue_erasure_is_logged(tmp_path, world_file):
    """After 25 days a service's log has the time of the last one, and what to do; the metric has the time."""
    database = load(tmp_path / "overdue.db", world_file)
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE erasures SET erased_at = '2020-01-01T00:00:00Z'")
    with Service(database, *OPTIONS, "--no-docs") as service:
        monitor = Monitor(service)
        assert wait_until(monitor.is_ready, 60)
        assert wait_until(lambda: "erasure is overdue" in service.log, 60)
        assert "last erased from the database's files at 2020-01-01T00:00:00Z" in service.log
        assert monitor.value(NAME) == datetime(2020, 1, 1, tzinfo=UTC).timestamp()
