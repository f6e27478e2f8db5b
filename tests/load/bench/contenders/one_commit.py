"""One commit a request: bare ASGI that registers and deletes, each write in a commit of its own, nothing checked.

It writes on its event loop, which then waits for the disk: with one writer at a time a thread would only cost more.
"""

import hashlib
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import orjson

from chat_bindings.storage.rows import new_sid

from .answers import not_found, represent
from .limit import Receive, Scope, Send, respond
from .lookup import COLUMNS, Lookup, connect

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

_connection: Any
_lookup: Lookup


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Registers by POST, under `/registration`, and deletes."""
    if scope["type"] == "lifespan":
        await _live(receive, send)
    elif scope["method"] == "POST":
        origin = f"{scope['scheme']}://{dict(scope['headers'])[b'host'].decode()}"
        body, status = _register(scope["path"].split("/")[4], await _body(receive), origin)
        await respond(send, status, body)
    else:
        _, _, _, service_sid, _, sid = scope["path"].split("/")
        _connection.execute(DELETE, (service_sid, sid))
        is_gone = _connection.changes() > 0
        await respond(send, 204 if is_gone else 404, None if is_gone else not_found(scope["path"]))


async def _live(receive: Receive, send: Send) -> None:
    global _connection, _lookup  # noqa: PLW0603 - as bare as it gets
    await receive()
    _connection = connect()
    _lookup = Lookup(_connection)
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})


async def _body(receive: Receive) -> bytes:
    content, more = b"", True
    while more:
        message = await receive()
        content += message.get("body", b"")
        more = message.get("more_body", False)
    return content


def _register(service_sid: str, form: bytes, origin: str) -> tuple[dict[str, Any], int]:
    sent = parse_qs(form.decode())
    identity, endpoint, binding_type = (sent[name][0] for name in ("Identity", "Endpoint", "BindingType"))
    account_sid = _lookup.owner(service_sid) or ""
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
    (row,) = _connection.execute(REGISTER, values).fetchall()  # outside of a transaction: it commits
    return represent(row, account_sid, origin), 201 if row[0] == sid else 200
