"""Errors: whatever goes wrong leaves as the JSON object that the spec describes."""

import logging
import traceback
from functools import cache
from typing import Any, NamedTuple

import orjson
from starlette.exceptions import HTTPException
from starlette.types import Scope, Send

from ..spec import CONTRACT, CONTROL, REGISTRATION, component, document
from ..storage.interface import StorageDamaged, StorageUnavailable

log = logging.getLogger(__name__)

_LONGEST = 200
"""How many characters of what a client sent a message repeats."""


REQUEST_ID = "Twilio-Request-Id"
"""The header that every response has, errors or not: the envelope writes it."""


@cache
def no_store() -> tuple[bytes, bytes]:
    """The header by which no cache keeps an answer, as the spec's example has it."""
    name = "Cache-Control"
    return name.lower().encode(), component("headers", name)["example"].encode()


class ErrorKind(NamedTuple):
    """A kind of error, as the spec's example of it says."""

    status: int
    code: int
    message: str
    more_info: str


class ApiError(Exception):
    """A request that is answered with an error.

    `name` is the name of the error's example in a spec, and `facts` fill the placeholders of its `x-message`.
    """

    def __init__(self, name: str, headers: dict[str, str] | None = None, **facts: object) -> None:
        super().__init__(name)
        self.name = name
        self.headers = headers or {}
        self.facts = facts


@cache
def catalogue() -> dict[str, ErrorKind]:
    """Every kind of error that the specs have an example of, by the example's name."""
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


@cache
def _fixed_headers(name: str) -> dict[str, str]:
    """The headers that the spec requires of a kind of error, with the values of their examples."""
    return {
        header: str(definition["example"])
        for response in document(CONTRACT)["components"]["responses"].values()
        if name in response["content"]["application/json"]["examples"]
        for header in response["headers"]
        if (definition := component("headers", header)).get("required") and header != REQUEST_ID
    }


@cache
def _by_status() -> dict[int, str]:
    return {kind.status: name for name, kind in reversed(catalogue().items())}


def shorten(text: str) -> str:
    """What a message repeats of what a client sent."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def render(fault: ApiError, scope: Scope) -> tuple[int, dict[str, str], bytes]:
    """The status, headers and body of an error."""
    return catalogue()[fault.name].status, _fixed_headers(fault.name) | fault.headers, _body(fault, scope)


def _body(fault: ApiError, scope: Scope) -> bytes:
    kind = catalogue()[fault.name]
    path = scope.get("raw_path", b"").partition(b"?")[0].decode("ascii", "replace")
    facts = {"path": shorten(path), **fault.facts}
    return orjson.dumps({
        "code": kind.code,
        "message": kind.message.format_map(facts),
        "more_info": kind.more_info,
        "status": kind.status,
    })  # fmt: skip


async def respond(fault: ApiError, scope: Scope, send: Send) -> None:
    """Send an error."""
    status, headers, body = _unchanging(fault.name)
    if body is None:
        body = _body(fault, scope)
    if fault.headers:
        headers = _pairs(_fixed_headers(fault.name) | fault.headers)
    await _send(status, headers, body, send)


async def send_error(status: int, headers: dict[str, str], body: bytes, send: Send) -> None:
    """Send what an error was rendered to."""
    await _send(status, _pairs(headers), body, send)


async def _send(status: int, headers: list[tuple[bytes, bytes]], body: bytes, send: Send) -> None:
    own = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body)), no_store()]
    await send({"type": "http.response.start", "status": status, "headers": own + headers})
    await send({"type": "http.response.body", "body": body})


def _pairs(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]


@cache
def _unchanging(name: str) -> tuple[int, list[tuple[bytes, bytes]], bytes | None]:
    """What all errors of a kind have in common: the status, the headers, and the body where it names nothing."""
    kind = catalogue()[name]
    body = None if "{" in kind.message else _body(ApiError(name), {})
    return kind.status, _pairs(_fixed_headers(name)), body


def api_error_of(error: Exception) -> ApiError:
    """The error of the spec that an exception stands for."""
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
    """An exception for the log. Of messages only the database's, since others may hold personal data."""
    message = f": {error}" if isinstance(error, StorageDamaged) else ""
    frames: list[Any] = traceback.format_tb(error.__traceback__)
    return f"{type(error).__name__}{message}\n{''.join(frames)}".rstrip()
