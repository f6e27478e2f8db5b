"""Responses: Connexion's, but for one header and the writer of JSON."""

from typing import Any

import orjson
from connexion.jsonifier import Jsonifier
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class EmptyAnswers:
    """Takes the `Content-Type` off a 204: Connexion gives it that of the operation's errors."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def finish(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 204:
                headers = [header for header in message["headers"] if header[0] != b"content-type"]
                message = {**message, "headers": headers}
            await send(message)

        await self.app(scope, receive, finish)


class Rendered(Jsonifier):
    """Handlers put parts of their answers together as JSON text, which the standard library's writer does not know."""

    def dumps(self, data: Any, **kwargs: Any) -> str:
        return orjson.dumps(data).decode()
