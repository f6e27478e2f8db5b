"""The service, asked by hand."""

from ..service.conftest import ask

__all__ = ["ask"]
