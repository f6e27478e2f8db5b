"""Hanging up: an ASGI extension with which an app closes the connection of a request."""

from starlette.types import Scope

from .protocol import Protocol

_HANG_UP, _NOW = "chat_bindings.hang_up", "now"


class DroppingProtocol(Protocol):
    """The server's protocol, with connections that can be closed in the middle of a request."""

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        cycle, transport = self.cycle, self.transport

        def hang_up() -> None:
            cycle.disconnected = True  # uvicorn then sends nothing any more, and misses nothing
            cycle.message_event.set()
            transport.close()  # not the cycle's, which lingers for a client that still sends

        self.scope["extensions"] = {_HANG_UP: {_NOW: hang_up}}


def hang_up(scope: Scope) -> None:
    """Close the connection of a request: sent data still arrives, further data is not sent."""
    scope["extensions"][_HANG_UP][_NOW]()
