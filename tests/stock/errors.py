"""Errors: Connexion's stage for exceptions, with handlers that answer as the specs say.

Stock answers are `application/problem+json`, quote the schema, and have no `WWW-Authenticate`. Each of the three
classes needs its handler: with `HTTPException` alone 400, 401 and 500 stay as they were.
"""

import logging
from collections.abc import Callable

from connexion.exceptions import ProblemException
from connexion.lifecycle import ConnexionRequest, ConnexionResponse
from starlette.exceptions import HTTPException

from chat_bindings.service.errors import Fault, render
from chat_bindings.storage.interface import StorageUnavailable

from .paths import methods_of, preflight, types_at

log = logging.getLogger("chat_bindings.stock")

HANDLED = (ProblemException, HTTPException, Exception)


async def answer(request: ConnexionRequest, error: Exception) -> ConnexionResponse:
    """The error of the specs that an exception stands for; for a preflight, which is no operation, what is allowed."""
    if isinstance(error, HTTPException) and error.status_code == 405 and (allowed := preflight(request)):
        return ConnexionResponse(204, headers=allowed)
    status, headers, body = render(_fault(request, error), request.scope)
    return ConnexionResponse(status, mimetype="application/json", headers=headers, body=body)


def _fault(request: ConnexionRequest, error: Exception) -> Fault:
    if isinstance(error, Fault):
        return error
    if isinstance(error, StorageUnavailable):
        return Fault("service_unavailable")
    status = error.status_code if isinstance(error, HTTPException) else 500
    if status in _OF_STATUS:
        return _OF_STATUS[status](request)
    log.error("a fault of ours: %s", type(error).__name__)
    return Fault("internal_server_error")


def _method_not_allowed(request: ConnexionRequest) -> Fault:
    # Starlette knows a path's methods route by route, so its own `Allow` holds those of one operation
    allowed = ", ".join(methods_of(request.scope["path"]))
    return Fault("method_not_allowed", {"Allow": allowed}, method=request.method, allowed=allowed)


_OF_STATUS: dict[int, Callable[[ConnexionRequest], Fault]] = {
    400: lambda _: Fault("invalid_parameter", parameter="A parameter", rule="must be valid"),  # Connexion's own checks
    401: lambda _: Fault("unauthorized"),
    404: lambda _: Fault("not_found"),
    405: _method_not_allowed,
    415: lambda request: Fault("unsupported_content_type", types=" or ".join(types_at(request))),
}
