"""A database file for commands."""

from pathlib import Path

import pytest

from ..support.engines import SqliteDatabase


@pytest.fixture
def database(tmp_path: Path) -> SqliteDatabase:
    """Name a database that is not there yet."""
    return SqliteDatabase(tmp_path / "test.db")
