"""The service as one ASGI app, composed in one list."""

import gc
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from types import ModuleType
from typing import Any

from connexion.middleware.lifespan import LifespanMiddleware
from connexion.middleware.main import ConnexionMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from .. import __name__ as package
from ..spec import binding_types, document, operations, resolved
from ..storage.engines import storage as storage_at
from .access.authentication import Authentication
from .access.guess_limit import authenticator_of
from .access.hosts import AllowedHosts
from .access.origin import Origin
from .access.proxies import TrustedProxies
from .access.rate_limit import RateLimit
from .docs import Docs
from .envelope import Envelope, new_request_id
from .faults.rules import FaultRules
from .logs import JSON, configure, tag_log_lines
from .monitoring.observers import Observers
from .operations.dispatch import Dispatch
from .operations.resolver import resolver
from .operations.routing import Routing
from .operations.validation import Validation
from .representation import template
from .request import Request
from .settings import Settings

log = logging.getLogger(__name__)


def create_app(settings: Settings, handlers: Mapping[str, ModuleType]) -> ASGIApp:
    """Compose the service from the modules that have the handlers of each spec.

    A spec that does not fit its handlers fails here, not on a request.
    """
    configure(settings.log_level, settings.log_format)
    template()
    observers = Observers(settings.monitoring, settings.database)
    storage = observers.storage(storage_at(settings.database, binding_types()))
    trusted = TrustedProxies(settings.trusted_proxies)
    origin = Origin(settings.public_url, trusted)
    throttling = settings.throttling

    @asynccontextmanager
    async def lifespan(_: object) -> AsyncIterator[None]:
        await storage.open()
        gc.collect()
        gc.freeze()  # the specs and all that is compiled of them stay: no collection has to scan them again
        async with observers.ready():
            log.info("process %d is ready", os.getpid())
            yield
        await storage.close()

    stages: list[Any] = [
        *observers.stages,
        partial(Envelope, identify=tag_log_lines(new_request_id)) if settings.log_format == JSON else Envelope,
        *_allowed_hosts(settings, origin),
        partial(Routing, otherwise=Docs(settings.docs) if settings.docs else None),
        partial(Authentication, authenticator=authenticator_of(storage, throttling, trusted)),
        *([partial(RateLimit, requests_a_second=throttling.rate_limit)] if throttling.rate_limit else ()),
        *_faults(settings.faults),
        partial(Validation, limits=settings.limits),
        LifespanMiddleware,
    ]
    app = ConnexionMiddleware(
        Dispatch(
            {
                "account_sid": lambda scope: Request.of(scope).account_sid,
                "origin": origin.of,
                "storage": lambda _: storage,
            }
        ),
        import_name=package,
        lifespan=lifespan,
        middlewares=stages,
    )
    for spec, module in handlers.items():
        # as it was read already: Connexion would read it, and what it refers to, with PyYAML's slow parser
        app.add_api(resolved(document(spec), spec), resolver=resolver(module))
        log.info("%s %s", spec, document(spec)["info"]["version"])
        for operation in operations(spec):
            log.info("  %s %s: %s", operation.method, operation.path, operation.operation_id)
    return Entrance(app)


def _allowed_hosts(settings: Settings, origin: Origin) -> list[Callable[..., ASGIApp]]:
    if not settings.allowed_hosts:
        return []
    hosts = partial(AllowedHosts, origin=origin, allowed_hosts=settings.allowed_hosts, public_url=settings.public_url)
    return [hosts]


def _faults(faults: FaultRules | None) -> list[Callable[..., ASGIApp]]:
    """Make the stage that injects faults, where the settings have one."""
    if faults is None:
        return []
    from .faults.stage import FaultInjection  # hardly any service wants it, and it has much to import

    return [partial(FaultInjection, faults=faults)]


class Entrance:
    """Connexion's stages, entered straight once they are built: its own entrance is one more coroutine a request."""

    def __init__(self, middleware: ConnexionMiddleware) -> None:
        self._middleware = middleware

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        built = self._middleware.middleware_stack is not None
        return self._middleware.app(scope, receive, send) if built else self._middleware(scope, receive, send)
