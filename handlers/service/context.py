"""What the stages find out about a request and hand to its handler by name, as Connexion does."""

from typing import Any

from starlette.types import Scope

_CONTEXT = "connexion_context"


def context_of(scope: Scope) -> dict[str, Any]:
    """The request's context: each entry goes to the handler that has a parameter of its name."""
    context: dict[str, Any] = scope.setdefault("extensions", {}).setdefault(_CONTEXT, {})
    return context
