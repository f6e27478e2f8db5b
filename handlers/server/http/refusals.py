"""Answers that no operation gives: to what cannot be read, and on a connection that is one too many."""

from collections.abc import Iterable
from functools import cache
from http import HTTPStatus
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from ..envelope import SHARED, Envelope, log, new_request_id
from ..errors import REQUEST_ID, ApiError, no_store, render

_REFUSED = "- - - %(status)d - %(request_id)s"
"""The line of what is no request: it has neither method nor path."""

ON_REFUSED = "chat_bindings.on_refused"
"""Where a stage leaves in the state of the app what to call when a request is refused that no stage sees."""

MALFORMED, TOO_MANY = "malformed", "too_many_connections"
"""What it is called with: why."""


@cache
def too_many_connections() -> ASGIApp:
    """What answers on a connection that is one too many."""

    async def refuse(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001 - an ASGI app
        if tell := scope["state"].get(ON_REFUSED):
            tell(TOO_MANY)
        raise ApiError("too_many_requests", {"Connection": "close"})

    return Envelope(refuse)


def refusal(fault: ApiError, scope: Any, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """The bytes of an answer that ends a connection, and its line in the log.

    `scope` is the request's as far as it was read, None before it began, and `headers` are those that every answer has.
    """
    request_id = new_request_id()
    status, own, body = render(fault, {})
    lines = [
        *headers,
        *((name.encode(), value.encode("latin-1")) for name, value in own.items()),
        (REQUEST_ID.encode(), request_id),
        *(SHARED if scope and any(name == b"origin" for name, _ in scope["headers"]) else ()),
        no_store(),
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
        (b"connection", b"close"),
    ]
    head = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n".encode() + b"".join(
        b"%s: %s\r\n" % line for line in lines
    )
    log.info(_REFUSED, {"status": status, "request_id": request_id.decode()})
    return head + b"\r\n" + (b"" if scope and scope.get("method") == "HEAD" else body)
