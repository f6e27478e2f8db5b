"""Errors as the JSON object of the spec: its schema, codes and messages."""

import logging
import traceback
from functools import cache
from typing import Any, NamedTuple

import orjson
from starlette.exceptions import HTTPException
from starlette.types import Scope, Send

from ..spec import CONTRACT, CONTROL, REGISTRATION, Json, component, document, resolve
from ..storage.interface import StorageDamaged, StorageUnavailable

log = logging.getLogger(__name__)

_LONGEST = 200
"""Characters of a client's text that a message repeats."""


REQUEST_ID = "Twilio-Request-Id"
"""The header of every response, which the envelope adds."""


@cache
def no_store() -> tuple[bytes, bytes]:
    """Return the header that forbids caching, from the spec's example."""
    name = "Cache-Control"
    return name.lower().encode(), component("headers", name)["example"].encode()


class ErrorKind(NamedTuple):
    """A kind of error, from its example in a spec."""

    status: int
    code: int
    message: str
    more_info: str


class ApiError(Exception):
    """An error response.

    `name` is the name of the error's example in a spec; `facts` fill the placeholders of its `x-message`.
    """

    def __init__(self, name: str, headers: dict[str, str] | None = None, **facts: object) -> None:
        super().__init__(name)
        self.name = name
        self.headers = headers or {}
        self.facts = facts


@cache
def catalogue() -> dict[str, ErrorKind]:
    """Return the kinds of errors by the names of their examples in the specs."""
    examples = {
        name: example
        for spec in (CONTRACT, REGISTRATION, CONTROL)
        for name, example in document(spec)["components"]["examples"].items()
        if "x-message" in example
    }
    return {
        name: ErrorKind(
            example["value"]["status"], example["value"]["code"], example["x-message"], example["value"]["more_info"]
        )
        for name, example in examples.items()
    }


def required_headers(response: Json) -> dict[str, str]:
    """Return the headers that a response of a spec must have, with their examples, but for the request id."""
    return {
        name: str(header["example"])
        for name, header in response["headers"].items()
        if header.get("required") and name != REQUEST_ID
    }


@cache
def _fixed_headers(name: str) -> dict[str, str]:
    return {
        header: value
        for response in resolve(document(CONTRACT)["components"]["responses"], CONTRACT).values()
        if name in response["content"]["application/json"]["examples"]
        for header, value in required_headers(response).items()
    }


@cache
def _by_status() -> dict[int, str]:
    return {kind.status: name for name, kind in reversed(catalogue().items())}


def shorten(text: str) -> str:
    """Shorten a client's text for a message."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def render(error: ApiError, scope: Scope) -> tuple[int, dict[str, str], bytes]:
    """Return the status, headers and body of an error."""
    return catalogue()[error.name].status, _fixed_headers(error.name) | error.headers, _body(error, scope)


def _body(error: ApiError, scope: Scope) -> bytes:
    kind = catalogue()[error.name]
    path = scope.get("raw_path", b"").partition(b"?")[0].decode("ascii", "replace")
    facts = {"path": shorten(path), **error.facts}
    return orjson.dumps({
        "code": kind.code,
        "message": kind.message.format_map(facts),
        "more_info": kind.more_info,
        "status": kind.status,
    })  # fmt: skip


async def respond(error: ApiError, scope: Scope, send: Send) -> None:
    """Send an error."""
    status, headers, body = _precompute(error.name)
    if body is None:
        body = _body(error, scope)
    if error.headers:
        headers = encode_headers(_fixed_headers(error.name) | error.headers)
    await _send(status, headers, body, send)


async def send_error(status: int, headers: dict[str, str], body: bytes, send: Send) -> None:
    """Send a rendered error."""
    await _send(status, encode_headers(headers), body, send)


async def _send(status: int, headers: list[tuple[bytes, bytes]], body: bytes, send: Send) -> None:
    await send({"type": "http.response.start", "status": status, "headers": json_headers(body) + headers})
    await send({"type": "http.response.body", "body": body})


def json_headers(body: bytes) -> list[tuple[bytes, bytes]]:
    """Return the headers of a JSON body, which no cache may store."""
    return [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body)), no_store()]


def encode_headers(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    """Encode headers as ASGI has them, with names in lower case."""
    return [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]


@cache
def _precompute(name: str) -> tuple[int, list[tuple[bytes, bytes]], bytes | None]:
    """Return the status and headers of a kind of error, and its body unless that depends on the request."""
    kind = catalogue()[name]
    body = None if "{" in kind.message else _body(ApiError(name), {})
    return kind.status, encode_headers(_fixed_headers(name)), body


def api_error_of(error: Exception) -> ApiError:
    """Convert an exception to an error of the spec; log it unless the client caused it."""
    if isinstance(error, ApiError):
        return error
    if isinstance(error, StorageUnavailable):
        log.warning("database unavailable: %s", error)
        return ApiError("service_unavailable")
    if isinstance(error, HTTPException) and error.status_code in _by_status():
        return ApiError(_by_status()[error.status_code])
    log.error("internal error: %s", _describe(error))
    return ApiError("internal_server_error")


def _describe(error: BaseException) -> str:
    """Describe an exception for the log, without its message: only the database's hold no personal data."""
    message = f": {error}" if isinstance(error, StorageDamaged) else ""
    frames: list[Any] = traceback.format_tb(error.__traceback__)
    return f"{type(error).__name__}{message}\n{''.join(frames)}".rstrip()
