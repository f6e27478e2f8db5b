"""The limit: bare ASGI, the lookup, dicts and orjson, without authentication and validation."""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs

import orjson

from .answers import meta, not_found, represent
from .lookup import Lookup, connect, position

Scope = dict[str, Any]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]

_lookup: Lookup


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Reads of `/v2/Services/{ServiceSid}/Bindings` and of what is under it."""
    if scope["type"] == "lifespan":
        await _live(receive, send)
        return
    origin = f"{scope['scheme']}://{dict(scope['headers'])[b'host'].decode()}"
    _, _, _, service_sid, _, *sid = scope["path"].split("/")
    body = _fetch(service_sid, sid[0], origin) if sid else _list(service_sid, scope["query_string"].decode(), origin)
    await respond(send, 404 if body is None else 200, not_found(scope["path"]) if body is None else body)


async def _live(receive: Receive, send: Send) -> None:
    global _lookup  # noqa: PLW0603 - as bare as it gets
    await receive()
    _lookup = Lookup(connect())
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})


async def respond(send: Send, status: int, body: object) -> None:
    content = orjson.dumps(body) if body is not None else b""
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers if content else []})
    await send({"type": "http.response.body", "body": content})


def _fetch(service_sid: str, sid: str, origin: str) -> Any:
    row = _lookup.fetch(service_sid, sid)
    return None if row is None else represent(row[:-1], row[-1], origin)


def _list(service_sid: str, query: str, origin: str) -> Any:
    account_sid = _lookup.owner(service_sid)
    if account_sid is None:
        return None
    sent = parse_qs(query)
    types, identities = sent.get("BindingType", []), sent.get("Identity", [])
    size, page = int(sent.get("PageSize", ["50"])[0]), int(sent.get("Page", ["0"])[0])
    token = sent.get("PageToken", [None])[0]
    found = _lookup.page(service_sid, types, identities, position(token), size)
    return {
        "meta": meta(f"{origin}/v2/Services/{service_sid}/Bindings", found, types, identities, size, page, token),
        "bindings": [represent(row, account_sid, origin) for row in found.rows],
    }
