"""The responses during each outage: `make faults`. To import a module of faults puts them into `FAULTS`."""

from . import postgresql, processes, sqlite
from .matrix import FAULTS

__all__ = ["FAULTS", "postgresql", "processes", "sqlite"]
