"""Bodies: Connexion's validators for forms and JSON, corrected, and what a `Content-Type` means."""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode

import orjson
from connexion.middleware.abstract import RoutedAPI, RoutedMiddleware
from connexion.operations import AbstractOperation
from connexion.validators import FormDataValidator, JSONRequestBodyValidator
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chat_bindings.service.errors import Fault

from .parameters import pairs
from .schemas import refuse_body


class OneMediaTypeOperation:
    """Gives an operation the media type of its body alone, in one spelling, and one without a body none.

    Connexion does not check a body at all whose type is in capital letters, and parses one of which the spec says
    nothing: a GET with `multipart/form-data` is a 400. A form without a type is checked as one, and handed on as bytes.
    """

    def __init__(self, next_app: ASGIApp, operation: AbstractOperation) -> None:
        self._next_app = next_app
        self._types: list[str] = operation.consumes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(name, value) for name, value in scope["headers"] if name != b"content-type"]
        if self._types:
            sent = dict(scope["headers"]).get(b"content-type", b"")
            media_type = sent.partition(b";")[0].strip().lower() or self._types[0].encode()
            headers.append((b"content-type", media_type))
        await self._next_app({**scope, "headers": headers}, receive, send)


class OneMediaTypeAPI(RoutedAPI[OneMediaTypeOperation]):
    """The media types of one spec."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.add_paths()

    def make_operation(self, operation: AbstractOperation) -> OneMediaTypeOperation:
        return OneMediaTypeOperation(self.next_app, operation)


class OneMediaType(RoutedMiddleware[OneMediaTypeAPI]):
    """The stage before validation."""

    api_cls = OneMediaTypeAPI


class WholeBody:
    """Reads a body to its end.

    Connexion takes what came before a client hung up for the whole, and a body in chunks, which has no length, for
    none.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options | {"required": False})  # what is missing is refused by the schema, which names it

    async def wrap_receive(self, receive: Receive, *, scope: Scope) -> tuple[Receive, Scope]:
        async def whole() -> Message:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Fault("invalid_body", format="complete", reason="the client hung up")
            return message

        wrapped: tuple[Receive, Scope] = await super().wrap_receive(whole, scope=scope)  # type: ignore[misc]
        return wrapped


class StrictJson(WholeBody, JSONRequestBodyValidator):
    """JSON as RFC 8259 has it.

    Python's parser takes `NaN` and lone surrogates; what is no UTF-8 or nested too deep is a fault of Connexion's.
    """

    async def _parse(self, stream: AsyncIterator[bytes], scope: Scope) -> Any:
        try:
            return orjson.loads(b"".join([chunk async for chunk in stream]))
        except orjson.JSONDecodeError as error:
            reason = f"{error.msg} at line {error.lineno}, column {error.colno}"
            raise Fault("invalid_body", format="JSON", reason=reason) from None

    def _validate(self, body: Any) -> None:
        refuse_body(self._schema, body)


class StrictForm(WholeBody, FormDataValidator):
    """A form in UTF-8.

    Starlette's parser takes bytes for Latin-1, leaves broken escapes as they are, and puts replacement characters for
    what it cannot decode. So a form is read here, and handed on in a spelling that every parser reads alike.
    """

    MUTABLE_VALIDATION = True

    async def _parse(self, stream: AsyncIterator[bytes], scope: Scope) -> dict[str, Any]:
        sent: dict[str, list[str]] = {}
        for name, value in pairs(b"".join([chunk async for chunk in stream]), "form"):
            sent.setdefault(name, []).append(value)
        resolved: dict[str, Any] = self._uri_parser.resolve_form(sent)
        return {name: value for name, value in resolved.items() if name in self._schema["properties"]}

    def _validate(self, body: Any) -> None:
        refuse_body(self._schema, body)

    def _insert_body(self, receive: Receive, *, body: Any, scope: Scope) -> tuple[Receive, Scope]:
        if body is None:  # as Connexion begins, with the schema's default
            return receive, scope
        encoded = urlencode(body, doseq=True).encode()
        message = {"type": "http.request", "body": encoded, "more_body": False}
        return self._insert_messages(receive, messages=[message]), scope


BODIES = {"application/json": StrictJson, "application/x-www-form-urlencoded": StrictForm}
