"""Request bodies: forms and JSON, parsed and validated by the specs."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from io import BytesIO
from tempfile import SpooledTemporaryFile
from typing import IO, Any

import orjson
from starlette.types import Receive, Scope

from ...schema_messages import first_error, keyword, rule
from ...spec import Json
from ..errors import ApiError, shorten
from ..http.limits import Limits
from ..http.protocol import has_arrived
from ..request import Request
from .parameters import coercer, last, pairs, validator

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"

_MOST_MARKS = 50_000
"""Commas and opening brackets of JSON at most. A valid registration has up to 30,307, all in its texts; a body of
nothing else would become objects of twenty times its size."""


_IN_MEMORY = 1 << 20
"""Bytes of a raw body in memory at most; a larger one goes to an unnamed file."""


class AnyBody(ABC):
    """The request body of an operation, in any of its media types."""

    def __init__(self, types: Iterable[str], limits: Limits, most: int) -> None:
        self._media_types = tuple(types)
        self._limits = limits
        self._most = most

    async def parse(self, scope: Scope, receive: Receive) -> Any:
        """Parse and validate a body.

        Raises `ApiError` for another media type, for a body that is too large, too slow or malformed, and for the first
        broken rule of the schema.
        """
        headers = Request.of(scope).headers
        sent = headers.get(b"content-type", b"")
        media_type = sent.partition(b";")[0].strip().lower().decode("latin-1") or self._media_types[0]
        if media_type not in self._media_types:
            raise ApiError("unsupported_content_type", types=" or ".join(self._media_types))
        if headers.get(b"content-encoding", b"identity").strip().lower() not in (b"", b"identity"):
            raise ApiError("unsupported_content_encoding")
        if int(headers.get(b"content-length", b"").lstrip(b"0") or b"0") > self._most:
            raise self._too_large()
        file = self.file()
        await self._receive(receive, file, None if has_arrived(scope) else self._limits.body_timeout)
        return self.read(media_type, file)

    @abstractmethod
    def file(self) -> IO[bytes]:
        """Return an empty file for the bytes of a body."""

    @abstractmethod
    def read(self, media_type: str, file: IO[bytes]) -> Any:
        """Parse the bytes of a body."""

    async def _receive(self, receive: Receive, file: IO[bytes], seconds: int | None) -> None:
        size, more = 0, True
        try:
            async with asyncio.timeout(seconds):
                while more:
                    message = await receive()
                    if message["type"] == "http.disconnect":  # the part so far may look like a whole body
                        raise ApiError("invalid_body", format="complete", reason="the client hung up")
                    chunk = message.get("body", b"")
                    size += len(chunk)
                    if size > self._most:
                        raise self._too_large()
                    more = message.get("more_body", False)
                    file.write(chunk)
        except TimeoutError:
            rule = f"must arrive within {seconds} seconds"
            raise ApiError("invalid_parameter", {"Connection": "close"}, parameter="The body", rule=rule) from None

    def _too_large(self) -> ApiError:
        return ApiError("invalid_parameter", parameter="The body", rule=f"must have at most {self._most} bytes")


class Body(AnyBody):
    """A body with a schema."""

    def __init__(self, content: Json, limits: Limits) -> None:
        super().__init__(content, limits, limits.max_body)
        readers: dict[str, Callable[[Json], Callable[[bytes], Any]]] = {FORM: _form_reader, JSON: _json_reader}
        self._types = {
            media_type: (readers[media_type](definition["schema"]), definition["schema"])
            for media_type, definition in content.items()
        }
        self._validators = {media_type: validator(schema) for media_type, (_, schema) in self._types.items()}

    def file(self) -> IO[bytes]:
        return BytesIO()

    def read(self, media_type: str, file: IO[bytes]) -> Any:
        read, schema = self._types[media_type]
        file.seek(0)
        value = read(file.read())
        if error := first_error(self._validators[media_type], schema, value):
            raise _error_of(error)
        return value


class RawBody(AnyBody):
    """A body that its operation reads itself, as a file: its media type has `x-raw`."""

    def __init__(self, content: Json, limits: Limits) -> None:
        ((_, definition),) = content.items()
        super().__init__(content, limits, definition.get("x-max-bytes", limits.max_body))

    def file(self) -> IO[bytes]:
        return SpooledTemporaryFile(_IN_MEMORY)

    def read(self, media_type: str, file: IO[bytes]) -> Any:  # noqa: ARG002 - there is one
        file.seek(0)
        return file


def body_of(content: Json, limits: Limits) -> AnyBody:
    """Compile the request body of an operation from its media types."""
    is_raw = any(definition.get("x-raw") for definition in content.values())
    return RawBody(content, limits) if is_raw else Body(content, limits)


def _error_of(error: Any) -> ApiError:
    path = list(error.instance_path)
    if keyword(error) == "required":
        path.append(error.kind.property)
        return ApiError("invalid_parameter", parameter=path[-1], rule="is missing: it is required")
    return ApiError("invalid_parameter", parameter=str(path[0]) if path else "The body", rule=rule(error))


def _explain_unknown(name: str, known: Iterable[str]) -> ApiError:
    """Make the error for a property that the schema does not have."""
    meant = next((each for each in known if each.lower() == name.lower()), None)
    advice = f"it is written {meant}" if meant else f"it takes {', '.join(known)}"
    return ApiError("unknown_property", property=shorten(name) or "A property without a name", advice=advice)


def _is_closed(schema: Json) -> bool:
    return schema.get("additionalProperties") is False


def _form_reader(schema: Json) -> Callable[[bytes], Any]:
    coercers = {name: coercer(property_) for name, property_ in schema["properties"].items()}
    is_closed = _is_closed(schema)

    def read(body: bytes) -> Any:
        sent: dict[str, list[str]] = {}
        for name, value in pairs(body, "form"):
            if name in coercers:
                sent.setdefault(name, []).append(value)
            elif is_closed:
                raise _explain_unknown(name, coercers)
            else:
                sent[name] = [value]
        return {name: coercers.get(name, last)(values) for name, values in sent.items()}

    return read


def _json_reader(schema: Json) -> Callable[[bytes], Any]:
    known, is_closed = schema["properties"], _is_closed(schema)

    def read(body: bytes) -> Any:
        if sum(map(body.count, (b",", b"[", b"{"))) > _MOST_MARKS:
            rule = f"must have at most {_MOST_MARKS} commas and opening brackets"
            raise ApiError("invalid_parameter", parameter="The body", rule=rule)
        try:
            value = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            reason = f"{error.msg} at line {error.lineno}, column {error.colno}"
            raise ApiError("invalid_body", format="JSON", reason=reason) from None
        for name in value if is_closed and isinstance(value, dict) else ():
            if name not in known:
                raise _explain_unknown(name, known)
        return value

    return read
