"""The surroundings of a service in a fault. Most faults need nothing special."""

from collections.abc import Sequence
from typing import Any, Self


class Setting:
    """A service that is started as its users start it. Others set the stage for a fault, and let it pass."""

    under: Sequence[object] = ()
    """The beginning of a command that becomes the service."""

    def __init__(self, database: Any) -> None:
        """A database of `engines`."""
        self.database = database

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        """Put away what was set up."""

    def problems(self) -> list[str]:
        """What is wrong with the database, when the service has ended."""
        problems: list[str] = self.database.problems()
        return problems
