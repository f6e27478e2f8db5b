"""Spoilt responses: with further headers, cut in half, or never sent."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..errors import api_error_of, respond
from ..http.hang_up import hang_up
from .rules import Injection


class SpoiltResponse:
    """A response that is kept until it is complete, and then spoilt as an `Injection` says."""

    def __init__(self, scope: Scope, send: Send, headers: list[tuple[bytes, bytes]], injection: Injection) -> None:
        """`headers` are added to it."""
        self._scope = scope
        self._send = send
        self._headers = headers
        self._injection = injection
        self._start: Message = {}
        self._body = b""

    async def of(self, app: ASGIApp, receive: Receive) -> None:
        """Answer as an app does; what it raises is an answer, too."""
        try:
            await app(self._scope, receive, self.send)
        except Exception as error:  # noqa: BLE001 - as the envelope, which knows what it means
            await respond(api_error_of(error), self._scope, self.send)

    async def send(self, message: Message) -> None:
        """Take a part of the answer, and send it all on with the last."""
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
            hang_up(self._scope)  # nothing arrives, but what was answered gets into the log
        await self._send({**self._start, "headers": [*self._fitting(self._start["headers"]), *self._headers]})
        if drop == "body":
            half = self._body[: len(self._body) // 2]
            await self._send({"type": "http.response.body", "body": half, "more_body": True})
            hang_up(self._scope)
        await self._send({"type": "http.response.body", "body": self._body})

    def _fitting(self, headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        length = str(len(self._body)).encode()
        return [(name, length if name == b"content-length" else value) for name, value in headers]
