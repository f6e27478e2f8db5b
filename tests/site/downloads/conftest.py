"""Servers to use the downloads against."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from ...support.running import Service, wait_until


class Demo(NamedTuple):
    """A running demo: where it is, and its account's token."""

    url: str
    token: str


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    """A demo of its own, since what runs against it deletes its Binding."""
    with Service(tmp_path, arguments=("serve", "--demo", "--port", 0)) as running:
        assert wait_until(lambda: "curl -u" in running.output, 60), running.output
        match = re.search(r"curl -u \w+:(\w+) ", running.output)
        assert match, running.output
        yield Demo(running.url, match[1])
