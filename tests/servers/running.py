"""Serve a server of the catalogue in this process."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from . import http
from .right import Right


@contextmanager
def serving(server: type[Right], world: dict[str, Any]) -> Iterator[str]:
    """Serve a copy of a world while the context lasts: the base URL. At the end all connections are closed."""
    with http.serving(server(world)) as url:
        yield url
