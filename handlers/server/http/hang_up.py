"""Hanging up: an app closes the connection of the request that it answers."""

from starlette.types import Scope

from .protocol import PROTOCOL, Protocol


def hang_up(scope: Scope) -> None:
    """Close the connection of a request: sent data still arrives, further data is not sent."""
    protocol: Protocol = scope[PROTOCOL]
    protocol.hang_up()
