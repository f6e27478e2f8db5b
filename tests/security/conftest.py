"""The requests of tests/service, for what is shown here."""

from ..service.conftest import ask

__all__ = ["ask"]
