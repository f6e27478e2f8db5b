"""What the other composition leaves behind when it is made in the tests' own process."""

import logging
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def level() -> Iterator[None]:
    """An app sets the level of our log: the tests of other modules find it as it was."""
    ours = logging.getLogger("chat_bindings")
    before = ours.level
    yield
    ours.setLevel(before)
