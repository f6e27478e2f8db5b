"""All faults: to import a module of them puts them into the catalogue."""

from . import postgresql, processes, sqlite
from .catalogue import FAULTS

__all__ = ["FAULTS", "postgresql", "processes", "sqlite"]
