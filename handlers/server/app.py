"""The service as one ASGI app: all stages in one list."""

import gc
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from types import ModuleType
from typing import TYPE_CHECKING, Any

from connexion.middleware.lifespan import LifespanMiddleware
from connexion.middleware.main import ConnexionMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from .. import __name__ as package
from ..spec import binding_types, document, operations, resolve
from ..storage.engines import storage as storage_at
from .access.authentication import Authentication, Authenticator
from .access.guess_limit import authenticator_of
from .access.hosts import AllowedHosts
from .access.origin import Origin
from .access.proxies import TrustedProxies
from .access.rate_limit import RateLimit
from .control.access import ControlAccess
from .docs import Docs
from .envelope import Envelope, new_request_id
from .faults.rules import FaultRules
from .gate import Gate
from .logs import JSON, configure, tag_log_lines
from .monitoring.observers import Observers
from .operations.dispatch import Dispatch
from .operations.resolver import resolver
from .operations.routing import Routing
from .operations.validation import Validation
from .representation import template
from .request import REQUEST
from .settings import ON_SHUTDOWN, Settings

if TYPE_CHECKING:
    from .control.state import ControlState
    from .faults.injector import Injector

log = logging.getLogger(__name__)


def create_app(settings: Settings, handlers: Mapping[str, ModuleType]) -> ASGIApp:
    """Compose the service from the specs, each with the module of its handlers.

    An operation without a handler fails here, at start-up, and not on a request.
    """
    configure(settings.log_level, settings.log_format)
    template()
    observers = Observers(settings.monitoring, settings.database)
    storage = observers.storage(storage_at(settings.database, binding_types(), observers.on_commit))
    trusted = TrustedProxies(settings.trusted_proxies)
    origin = Origin(settings.public_url, trusted)
    throttling = settings.throttling
    authenticator = authenticator_of(storage, throttling, trusted)
    injector = _injector(settings)
    gate = Gate(authenticator.again) if settings.control else None
    control = _control(settings, gate, injector, authenticator)
    access = ControlAccess(settings.control, origin) if settings.control else None

    @asynccontextmanager
    async def lifespan(_: object) -> AsyncIterator[dict[str, Any] | None]:
        await storage.open()
        if control:
            await control.open()
        async with observers.ready():
            gc.collect()
            gc.freeze()  # collections need not scan modules, the specs and what was compiled from them: they stay
            log.info("process %d is ready", os.getpid())
            yield {ON_SHUTDOWN: control.journal.end} if control else None
        if control:
            await control.close()
        await storage.close()

    stages: list[Any] = [
        *observers.stages,
        partial(
            Envelope,
            identify=tag_log_lines(new_request_id) if settings.log_format == JSON else new_request_id,
            record=control.journal.record if control else None,
        ),
        *_allowed_hosts(settings, origin),
        partial(Routing, otherwise=_otherwise(settings, access)),
        partial(Authentication, authenticator=authenticator, guard=access.over if access else None),
        *([partial(RateLimit, requests_a_second=throttling.rate_limit)] if throttling.rate_limit else ()),
        *_faults(injector, gate),
        partial(Validation, limits=settings.limits),
        LifespanMiddleware,
    ]
    app = ConnexionMiddleware(
        Dispatch(
            {
                "account_sid": lambda scope: scope[REQUEST].account_sid,
                "origin": origin.of,
                "storage": lambda _: storage,
                "control": lambda _: control,
            },
            gate,
        ),
        import_name=package,
        lifespan=lifespan,
        middlewares=stages,
    )
    for spec, module in handlers.items():
        # parsed already: Connexion would parse it again, with PyYAML's slow parser
        app.add_api(resolve(document(spec), spec), resolver=resolver(module))
        log.info("%s %s", spec, document(spec)["info"]["version"])
        for operation in operations(spec):
            log.info("  %s %s: %s", operation.method, operation.path, operation.operation_id)
    return Entrance(app)


def _otherwise(settings: Settings, access: ControlAccess | None) -> ASGIApp | None:
    """Return what answers requests for no operation: the site, and the page of the control API."""
    site = Docs(settings.docs) if settings.docs else None
    if access is None:
        return site
    from .control.page import ControlPage

    return ControlPage(access, registration=settings.registration, otherwise=site)


def _allowed_hosts(settings: Settings, origin: Origin) -> list[Callable[..., ASGIApp]]:
    if not settings.allowed_hosts:
        return []
    hosts = partial(AllowedHosts, origin=origin, allowed_hosts=settings.allowed_hosts, public_url=settings.public_url)
    return [hosts]


def _injector(settings: Settings) -> "Injector | None":
    """Make the injector of faults, where the settings enable it."""
    faults = settings.faults
    if faults is None and settings.control:
        counts = settings.control.folder / "counts"
        counts.touch()
        faults = FaultRules(counts, by_request=False)
    if faults is None:
        return None
    from .faults.injector import Injector  # few services need it, and it imports much

    return Injector(faults, registration=settings.registration)


def _control(
    settings: Settings, gate: Gate | None, injector: "Injector | None", authenticator: Authenticator
) -> "ControlState | None":
    if settings.control is None or gate is None or injector is None:
        return None
    from .control.state import ControlState

    return ControlState(settings.control, settings.database, gate, injector, authenticator.forget)


def _faults(injector: "Injector | None", gate: Gate | None) -> list[Callable[..., ASGIApp]]:
    """Make the stage of fault injection, where the settings enable it."""
    if injector is None:
        return []
    from .faults.stage import FaultInjection

    return [partial(FaultInjection, injector=injector, gate=gate)]


class Entrance:
    """An entrance to Connexion's stages that saves a coroutine a request, once Connexion has built them."""

    def __init__(self, middleware: ConnexionMiddleware) -> None:
        self._middleware = middleware

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        built = self._middleware.middleware_stack is not None
        return self._middleware.app(scope, receive, send) if built else self._middleware(scope, receive, send)
