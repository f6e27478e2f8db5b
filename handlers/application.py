"""The composition root of the server: the specs, each with the module that has its handlers."""

from starlette.types import ASGIApp

from . import bindings, control, registration
from .server.app import create_app
from .server.settings import Settings
from .spec import CONTRACT, CONTROL, REGISTRATION


def application(settings: Settings) -> ASGIApp:
    """Create the ASGI app that a worker serves: the contract and, by the settings, registration and control."""
    handlers = {CONTRACT: bindings}
    if settings.registration:
        handlers[REGISTRATION] = registration
    if settings.control:
        handlers[CONTROL] = control
    return create_app(settings, handlers)
