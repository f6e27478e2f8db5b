"""The composition: Connexion's default stages in their order, with its extension points filled."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

from connexion import AsyncApp
from connexion.middleware import MiddlewarePosition
from connexion.options import SwaggerUIOptions
from starlette.types import ASGIApp

from chat_bindings.service.addressing import Origin
from chat_bindings.service.envelope import Envelope
from chat_bindings.service.logs import configure
from chat_bindings.service.resolver import resolver
from chat_bindings.service.settings import Settings
from chat_bindings.service.specification import CONTRACT, REGISTRATION, binding_types, directory, document
from chat_bindings.storage.locator import storage as storage_at

from .bodies import BODIES, OneMediaType
from .context import Given
from .errors import HANDLED, answer
from .parameters import StrictParameters, WholeValues
from .paths import ExactPaths
from .responses import EmptyAnswers, Rendered
from .security import Basic

log = logging.getLogger("chat_bindings.stock")

CORRECTED: dict[str, Any] = {
    "uri_parser_class": WholeValues,
    "validator_map": {"parameter": StrictParameters, "body": BODIES},
}
"""What parses and checks requests; without it Connexion's own does."""


def create_app(settings: Settings, parsing: dict[str, Any] | None = None) -> ASGIApp:
    """Compose the service on Connexion's stages; `parsing` replaces `CORRECTED`."""
    configure(settings.log_level)
    logging.getLogger("connexion").setLevel(logging.ERROR)  # it warns of every body that may be of two media types
    storage = storage_at(settings.database, binding_types())
    origin = Origin(settings.public_url, settings.trusted_proxies)

    @asynccontextmanager
    async def lifespan(_: object) -> AsyncIterator[None]:
        await storage.open()
        yield
        await storage.close()

    app = AsyncApp(
        "chat_bindings",
        specification_dir=directory(),
        lifespan=lifespan,
        jsonifier=Rendered(),
        pythonic_params=True,
        strict_validation=True,
        security_map={"basic": Basic},
        swagger_ui_options=SwaggerUIOptions(serve_spec=False, swagger_ui=False),
        **(CORRECTED if parsing is None else parsing),
    )
    app.add_middleware(Envelope, MiddlewarePosition.BEFORE_EXCEPTION)
    app.add_middleware(ExactPaths, MiddlewarePosition.BEFORE_SWAGGER)
    app.add_middleware(Given, MiddlewarePosition.BEFORE_SECURITY, given=lambda _: {"storage": storage})
    app.add_middleware(OneMediaType, MiddlewarePosition.BEFORE_VALIDATION)
    app.add_middleware(Given, MiddlewarePosition.BEFORE_CONTEXT, given=lambda scope: {"origin": origin.of(scope)})
    app.add_middleware(EmptyAnswers, MiddlewarePosition.BEFORE_CONTEXT)
    for error in HANDLED:
        app.add_error_handler(error, answer)
    specs = {CONTRACT: "bindings"} | ({REGISTRATION: "registration"} if settings.registration else {})
    for spec, module in specs.items():
        # Connexion mounts the longest base path first, but only where it is told: a mount at the root takes every path
        base_path = urlsplit(document(spec)["servers"][0]["url"]).path
        app.add_api(spec, base_path=base_path, resolver=resolver(f"chat_bindings.{module}"))
        log.info("%s, on Connexion's own stages", spec)
    return app
