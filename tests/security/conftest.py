"""The requests of tests/server, for what is shown here."""

from ..server.conftest import ask

__all__ = ["ask"]
