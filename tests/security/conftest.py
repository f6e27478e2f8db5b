"""The request fixtures of tests/server, shared here."""

from ..server.conftest import ask

__all__ = ["ask"]
