"""Control of the connection by the app that answers a request: hanging up, and pausing until the server stops."""

from starlette.types import Scope

from .protocol import PROTOCOL, Protocol


def hang_up(scope: Scope) -> None:
    """Close the connection of a request: sent data still arrives, further data is not sent."""
    protocol: Protocol = scope[PROTOCOL]
    protocol.hang_up()


async def pause(scope: Scope, seconds: float) -> bool:
    """Wait, at most until the server stops; return whether it still runs."""
    protocol: Protocol = scope[PROTOCOL]
    return await protocol.pause(seconds)
