"""A server to use the downloads against."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ..conftest import Demo, serve_demo


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    """Run a demo of its own, since what runs against it deletes its Binding."""
    with serve_demo(tmp_path) as served:
        yield served
