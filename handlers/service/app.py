"""The service as one ASGI app, composed in one list."""

import gc
import logging
import os
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from functools import partial

from connexion.middleware.lifespan import LifespanMiddleware
from connexion.middleware.main import ConnexionMiddleware
from connexion.resolver import RelativeResolver
from starlette.types import ASGIApp, Receive, Scope, Send

from .. import __name__ as package
from ..storage.locator import storage as storage_at
from .addressing import Addressing
from .credentials import Authentication
from .docs import Docs
from .envelope import Envelope
from .fault_injection import FaultInjection
from .logs import configure
from .operations import CompiledApp, Validation
from .representation import template
from .routing import Routing
from .settings import Settings
from .specification import CONTRACT, REGISTRATION, binding_types, directory, document, operations

log = logging.getLogger(__name__)


def create_app(settings: Settings) -> ASGIApp:
    """Compose the service. A spec that does not fit the handlers fails here, not on a request."""
    configure(settings.log_level)
    template()
    storage = storage_at(settings.database, binding_types())

    @asynccontextmanager
    async def lifespan(_: object) -> AsyncIterator[None]:
        await storage.open()
        gc.collect()
        gc.freeze()  # the specs and all that is compiled of them stay: no collection has to look at them again
        log.info("process %d is ready", os.getpid())
        yield
        await storage.close()

    app = CompiledApp(
        package,
        specification_dir=directory(),
        lifespan=lifespan,
        middlewares=[
            Envelope,
            partial(Routing, otherwise=Docs(settings.docs) if settings.docs else None),
            Authentication,
            *([partial(FaultInjection, faults=settings.faults)] if settings.faults else []),
            Validation,
            partial(Addressing, public_url=settings.public_url, trusted_proxies=settings.trusted_proxies),
            LifespanMiddleware,
        ],
    )
    app.add_api(CONTRACT, resolver=RelativeResolver(f"{package}.bindings"), storage=storage)
    if settings.registration:
        app.add_api(REGISTRATION, resolver=RelativeResolver(f"{package}.registration"), storage=storage)
    for spec in (CONTRACT, REGISTRATION) if settings.registration else (CONTRACT,):
        log.info("%s %s", spec, document(spec)["info"]["version"])
        for operation in operations(spec):
            log.info("  %s %s: %s", operation.method, operation.path, operation.operation_id)
    return Entrance(app.middleware)


class Entrance:
    """Connexion's stages, entered straight once they are built: its own entrance is one more coroutine a request."""

    def __init__(self, middleware: ConnexionMiddleware) -> None:
        self._middleware = middleware

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        built = self._middleware.middleware_stack is not None
        return self._middleware.app(scope, receive, send) if built else self._middleware(scope, receive, send)
