"""The limit, and one commit a request: bare ASGI, the lookup, dicts and orjson, without authentication and validation.

A write is a commit of its own, on the event loop, which then waits for the disk: with one writer at a time a thread
would only cost more.
"""

import hashlib
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import orjson

from chat_bindings.storage.rows import new_sid

from .answers import error, page, represent
from .lookup import COLUMNS, LOOKUP

Scope = dict[str, Any]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]

REGISTER = f"""
    INSERT INTO bindings (service_sid, sid, key_sha256, identity, endpoint, binding_type, credential_sid,
                          message_types, date_created, date_updated)
    VALUES (:service_sid, :sid, :key_sha256, :identity, :endpoint, :binding_type, :credential_sid,
            :message_types, :now, :now)
    ON CONFLICT (service_sid, key_sha256) DO UPDATE
        SET credential_sid = excluded.credential_sid, message_types = excluded.message_types,
            date_updated = max(date_updated, excluded.date_updated)
        WHERE identity = excluded.identity AND endpoint = excluded.endpoint AND binding_type = excluded.binding_type
    RETURNING {COLUMNS.replace("bindings.sid", "sid")}"""

DELETE = "DELETE FROM bindings WHERE service_sid = ? AND sid = ?"


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Serve GET of `/v2/Services/{ServiceSid}/Bindings` and below; DELETE there, and POST elsewhere to register."""
    assert scope["type"] == "http", "an app without a lifespan"
    origin = f"{scope['scheme']}://{dict(scope['headers'])[b'host'].decode()}"
    if scope["method"] == "POST":
        status, body = _register(scope["path"].split("/")[4], await _body(receive), origin)
    else:
        _, _, _, service_sid, _, *sid = scope["path"].split("/")
        if scope["method"] == "DELETE":
            status, body = 204, _delete(service_sid, sid[0])
        else:
            query = scope["query_string"].decode()
            status, body = 200, _fetch(service_sid, sid[0], origin) if sid else _list(service_sid, query, origin)
        if body is None:
            status, body = 404, error("not_found", path=scope["path"])
    content = orjson.dumps(body) if body else b""
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers if content else []})
    await send({"type": "http.response.body", "body": content})


async def _body(receive: Receive) -> bytes:
    content, more = b"", True
    while more:
        message = await receive()
        content += message.get("body", b"")
        more = message.get("more_body", False)
    return content


def _fetch(service_sid: str, sid: str, origin: str) -> Any:
    row = LOOKUP.fetch(service_sid, sid)
    return None if row is None else represent(row[:-1], row[-1], origin)


def _list(service_sid: str, query: str, origin: str) -> Any:
    account_sid = LOOKUP.owner(service_sid)
    if account_sid is None:
        return None
    sent = parse_qs(query)
    size, number = int(sent.get("PageSize", ["50"])[0]), int(sent.get("Page", ["0"])[0])
    filters = sent.get("BindingType", []), sent.get("Identity", [])
    return page(account_sid, service_sid, origin, *filters, size, number, sent.get("PageToken", [None])[0])


def _delete(service_sid: str, sid: str) -> Any:
    """Delete a Binding: an empty body, or None where there is none."""
    LOOKUP.connection.execute(DELETE, (service_sid, sid))
    return b"" if LOOKUP.connection.changes() else None


def _register(service_sid: str, form: bytes, origin: str) -> tuple[int, Any]:
    sent = parse_qs(form.decode())
    identity, endpoint, binding_type = (sent[name][0] for name in ("Identity", "Endpoint", "BindingType"))
    account_sid = LOOKUP.owner(service_sid) or ""
    sid = new_sid("BS")
    values = {
        "service_sid": service_sid,
        "sid": sid,
        "key_sha256": hashlib.sha256(f"{identity}\0{endpoint}\0{binding_type}".encode()).digest(),
        "identity": identity,
        "endpoint": endpoint,
        "binding_type": binding_type,
        "credential_sid": sent["CredentialSid"][0],
        "message_types": orjson.dumps(sent.get("MessageTypes", [])).decode(),
        "now": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    (row,) = LOOKUP.connection.execute(REGISTER, values).fetchall()  # outside of a transaction: it commits
    return 201 if row[0] == sid else 200, represent(row, account_sid, origin)
