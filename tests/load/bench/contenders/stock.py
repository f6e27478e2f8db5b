"""Stock Connexion: the same spec, `AsyncApp` with its default stages, its own security, validation and JSON.

Credentials are checked by the function that `BASICINFO_FUNC` names, one of Connexion's two ways to name it.
"""

import json
import os
import sys
from typing import Any

from connexion import AsyncApp, request
from connexion.exceptions import ProblemException
from connexion.lifecycle import ConnexionRequest, ConnexionResponse
from connexion.problem import problem
from starlette.exceptions import HTTPException

from chat_bindings.server.operations.resolver import resolver

from . import answers
from .answers import SPECS, error, represent
from .lookup import LOOKUP


async def check(user_name: str, password: str) -> dict[str, str] | None:
    """Return the account's SID; None for wrong credentials."""
    account_sid = LOOKUP.account(user_name, password)
    return {"sub": account_sid} if account_sid else None


async def list_bindings(
    service_sid: str,
    user: str,
    binding_type: list[str] | None = None,
    identity: list[str] | None = None,
    page_size: int = 50,
    page: int = 0,
    page_token: str | None = None,
) -> Any:
    if LOOKUP.owner(service_sid) != user:
        raise HTTPException(404)
    filters = binding_type or [], identity or []
    return answers.page(user, service_sid, _origin(), *filters, page_size, page, page_token)


async def fetch_binding(service_sid: str, sid: str, user: str) -> Any:
    row = LOOKUP.fetch(service_sid, sid)
    if row is None or row[-1] != user:
        raise HTTPException(404)
    return represent(row[:-1], user, _origin())


async def delete_binding(service_sid: str, sid: str, user: str) -> Any:
    """Delete a Binding: here only since the spec has it. Deleting is not compared with stock Connexion."""
    return problem(501, "Not Implemented", f"{user} cannot delete {sid} of {service_sid} here")


def _origin() -> str:
    return f"{request.url.scheme}://{request.url.netloc}"


async def on_error(asked: ConnexionRequest, raised: Exception) -> ConnexionResponse:
    """Return an error of the contract's shape."""
    status = getattr(raised, "status_code", None) or getattr(raised, "status", 500)
    body = {401: error("unauthorized"), 404: error("not_found", path=asked.url.path)}.get(
        status, error("invalid_parameter", parameter="A parameter", rule=str(getattr(raised, "detail", "")))
    )
    return ConnexionResponse(body["status"], content_type="application/json", body=json.dumps(body))


os.environ["BASICINFO_FUNC"] = f"{__name__}.check"
app = AsyncApp(__name__, specification_dir=SPECS, pythonic_params=True, strict_validation=True)
app.add_api("bindings.yaml", resolver=resolver(sys.modules[__name__]))
for kind in (ProblemException, HTTPException):
    app.add_error_handler(kind, on_error)
