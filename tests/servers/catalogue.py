"""All servers by their names: the right one, those that are right but different, and those with a defect."""

import importlib
import inspect
import pkgutil
import re
from types import ModuleType

from . import defects, different_network
from . import different as choices
from .right import Right


def wrong() -> list[type[Right]]:
    """List the servers with one defect each: by module, and there in the order in which they stand."""
    names = sorted(module.name for module in pkgutil.iter_modules(defects.__path__, f"{defects.__name__}."))
    return [server for name in names for server in _servers_of(importlib.import_module(name))]


def different() -> list[type[Right]]:
    """List the servers that are right but use what a server may choose."""
    return [*_servers_of(choices), *_servers_of(different_network)]


def name_of(server: type[Right]) -> str:
    """Return the name of a server, in lower case with hyphens."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", server.__name__).lower().replace("_", "-")


def by_name(name: str) -> type[Right]:
    """Return the server of a name. Raises `KeyError` when there is none."""
    servers: list[type[Right]] = [Right, *different(), *wrong()]
    return {name_of(server): server for server in servers}[name]


def sentence_of(server: type[Right]) -> str:
    """Return a server's behaviour, in a sentence."""
    return " ".join(inspect.cleandoc(server.__doc__ or "").split())


def _servers_of(module: ModuleType) -> list[type[Right]]:
    return [
        found
        for name, found in vars(module).items()
        if isinstance(found, type)
        and issubclass(found, Right)
        and found.__module__ == module.__name__
        and not name.startswith("_")
    ]
