"""The resolver of handlers: from an operationId in camelCase to a function in snake_case."""

from types import ModuleType
from typing import Any

from connexion.decorators.parameter import pythonic
from connexion.resolver import Resolver


def resolver(module: ModuleType) -> Resolver:
    """Resolve `listBindings` to a module's `list_bindings`. A name that the module lacks fails at start-up."""

    def resolve(operation_id: str) -> Any:
        return getattr(module, pythonic(operation_id))

    return Resolver(resolve)
