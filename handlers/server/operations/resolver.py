"""The resolver of handlers: the contract spells operations in camelCase, Python spells functions in snake_case."""

from connexion.decorators.parameter import pythonic
from connexion.resolver import Resolver
from connexion.utils import get_function_from_name


def resolver(module: str) -> Resolver:
    """Resolve `listBindings` to a module's `list_bindings`. A name that the module lacks fails at start-up."""
    return Resolver(lambda operation_id: get_function_from_name(f"{module}.{pythonic(operation_id)}"))
