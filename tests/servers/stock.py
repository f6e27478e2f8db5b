"""Uncorrected Connexion: the contract's spec on `AsyncApp` and its defaults. Storage and paging are `Right`'s."""

import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from importlib.resources import files
from typing import Any

import uvicorn

from ..support.running import wait_until
from .http import Headers, Request
from .right import Refusal, Right, Route, Wanted

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # Connexion's own
    from connexion import AsyncApp, request
    from connexion.decorators.parameter import pythonic
    from connexion.exceptions import ProblemException
    from connexion.security import BasicSecurityHandler


@contextmanager
def serving_stock(world: dict[str, Any]) -> Iterator[str]:
    """Serve a world in a thread; yield the base URL."""
    right = Right(world)

    def listed(
        asked: Request, user: str, service_sid: str, binding_type: Any = (), identity: Any = (), **page: Any
    ) -> Any:
        wanted = Wanted(tuple(binding_type), tuple(identity), page["page_size"], page["page"], page.get("page_token"))
        service = right.service(asked, Route(service_sid, None), user)
        return right.listed(asked, service, wanted, right.page(service, wanted, right.position(service, wanted)))

    def fetched(asked: Request, user: str, service_sid: str, sid: str) -> Any:
        route = Route(service_sid, sid)
        service = right.service(asked, route, user)
        return right.represent(asked, service, right.binding(asked, route, service))

    def deleted(asked: Request, user: str, service_sid: str, sid: str) -> Any:
        if not right.remove(right.service(asked, Route(service_sid, sid), user), sid):
            raise right.not_found(asked)
        return None, 204

    class Basic(BasicSecurityHandler):
        def get_fn(self, security_scheme: dict[str, Any], required_scopes: list[str]) -> Callable[..., Any]:
            def login(user: str, password: str) -> dict[str, str] | None:
                account, secret = right.logins.get(user, ("", ""))
                return {"sub": account} if account and right.is_secret(secret, password) else None

            return self._get_verify_func(login)

    handlers = {"list_bindings": listed, "fetch_binding": fetched, "delete_binding": deleted}
    app = AsyncApp(
        __name__,
        specification_dir=str(files("chat_bindings.openapi")),
        pythonic_params=True,
        strict_validation=True,
        security_map={"basic": Basic},
    )
    app.add_api("bindings.yaml", resolver=lambda operation_id: _handler(handlers[pythonic(operation_id)]))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    assert wait_until(lambda: server.started, 60)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(60)


def _handler(handle: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(handle)  # Connexion gives it what its signature names
    def handler(**arguments: Any) -> Any:
        try:
            return handle(Request(request.method, request.url.path, Headers(request.headers.items())), **arguments)
        except Refusal as refusal:
            raise ProblemException(status=refusal.status, detail=refusal.message) from None

    return handler
