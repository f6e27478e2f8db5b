"""Paths: what Connexion's routing lets by or does not tell, from the specs."""

import re
from collections.abc import Iterator

from connexion.lifecycle import ConnexionRequest
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from ..support.answers import Operation, allowed, operations


class ExactPaths:
    """Refuses the paths that Starlette's router takes for others.

    It redirects from a path with a slash at its end to the one without, takes an encoded slash for one that separates
    segments, and lets a line feed at the end by. (One inside a segment is no path of a spec for it: with
    credentials that is the same 404, without them it is not a 401. That is left as it is.)
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope.setdefault("extensions", {})  # later stages copy the scope: so the envelope sees what they add here
            if scope["path"].endswith(("/", "\n")) or b"%2f" in scope["raw_path"].lower():
                raise HTTPException(404)
        await self.app(scope, receive, send)


def preflight(request: ConnexionRequest) -> dict[str, str] | None:
    """The headers that answer a preflight; None for what is none. Connexion has no OPTIONS."""
    if request.method != "OPTIONS" or "access-control-request-method" not in request.headers:
        return None
    return {
        "Access-Control-Allow-Methods": ", ".join(methods_of(request.scope["path"])),
        "Access-Control-Allow-Headers": request.headers.get("access-control-request-headers", "Authorization"),
    }


def methods_of(path: str) -> list[str]:
    """The methods of a path."""
    return sorted(allowed(next(_at(path)).template))


def types_at(request: ConnexionRequest) -> list[str]:
    """The media types that an operation's body may have."""
    (operation,) = (each for each in _at(request.scope["path"]) if each.method == request.method)
    return list(operation.spec["requestBody"]["content"])


def _at(path: str) -> Iterator[Operation]:
    for operation in operations().values():
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", operation.template), path):
            yield operation
