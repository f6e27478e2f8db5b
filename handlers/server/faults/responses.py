"""Spoilt responses: malformed, cut off, or never sent."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..errors import api_error_of, respond
from ..http.hang_up import hang_up
from .rules import Injection


class SpoiltResponse:
    """A response that is buffered until it is complete, and then spoilt by an `Injection`."""

    def __init__(self, scope: Scope, send: Send, headers: list[tuple[bytes, bytes]], injection: Injection) -> None:
        """Add `headers` to it."""
        self._scope = scope
        self._send = send
        self._headers = headers
        self._injection = injection
        self._start: Message = {}
        self._body = b""

    async def of(self, app: ASGIApp, receive: Receive) -> None:
        """Buffer an app's response, or the error that it raises."""
        try:
            await app(self._scope, receive, self.send)
        except Exception as error:  # noqa: BLE001 - as the envelope does
            await respond(api_error_of(error), self._scope, self.send)

    async def send(self, message: Message) -> None:
        """Buffer a part of the response; send all with the last one."""
        if message["type"] == "http.response.start":
            self._start = message
            return
        self._body += message.get("body", b"")
        if not message.get("more_body", False):
            await self._finish()

    async def _finish(self) -> None:
        if self._injection.malformed:
            self._body = self._body[: len(self._body) // 2]
        drop = self._injection.drop
        if drop == "answer" or (drop == "body" and not self._body):
            hang_up(self._scope)  # nothing arrives, but the log has the response
        await self._send({**self._start, "headers": [*self._fit_length(self._start["headers"]), *self._headers]})
        if drop == "body":
            half = self._body[: len(self._body) // 2]
            await self._send({"type": "http.response.body", "body": half, "more_body": True})
            hang_up(self._scope)
        await self._send({"type": "http.response.body", "body": self._body})

    def _fit_length(self, headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        length = str(len(self._body)).encode()
        return [(name, length if name == b"content-length" else value) for name, value in headers]
