"""Refusals before any stage: of malformed HTTP, and of connections over the limit."""

from collections.abc import Iterable
from functools import cache
from typing import Any, cast

from starlette.types import ASGIApp, Receive, Scope, Send

from ..envelope import SHARED, Envelope, log, new_request_id
from ..errors import REQUEST_ID, ApiError, encode_headers, json_headers, render
from .writer import serialize

_REFUSED = "- - - %(status)d - %(request_id)s"
"""The log line of malformed HTTP, which has neither method nor path."""

ON_REFUSED = "chat_bindings.on_refused"
"""The key in the app's state of a function to call for each refusal, with its reason."""

MALFORMED, TOO_MANY = "malformed", "too_many_connections"
"""The reasons."""


@cache
def too_many_connections() -> ASGIApp:
    """Make the app that answers 429 on a connection over the limit."""

    async def refuse(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001 - an ASGI app
        if report := scope["state"].get(ON_REFUSED):
            report(TOO_MANY)
        raise ApiError("too_many_requests", {"Connection": "close"})

    return Envelope(refuse)


def refusal(error: ApiError, scope: Any, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Serialize an error that ends the connection, and log it.

    `scope` is the request's as far as it was parsed, or None; `headers` are those of every response.
    """
    request_id = new_request_id()
    status, own, body = render(error, {})
    shared = SHARED if scope and any(name == b"origin" for name, _ in scope["headers"]) else []
    own_headers = encode_headers(own | {REQUEST_ID: request_id.decode()})
    log.info(_REFUSED, {"status": status, "request_id": request_id.decode()})
    whole = cast("bytes", serialize(status, [*headers, *json_headers(body), *own_headers, *shared], body, close=True))
    return whole.removesuffix(body) if scope and scope.get("method") == "HEAD" else whole
