"""Schemathesis' hooks: what it sends is real and harmless, and what a server may choose is no failure.

Schemathesis loads this module in its own process (`hooks` in its configuration).
"""

import json
import os
from http import HTTPStatus
from pathlib import Path
from typing import Any

import requests.adapters
import schemathesis
from schemathesis import Case, HookContext, Response
from schemathesis.core.failures import AcceptedNegativeData, Failure
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation.meta import TestPhase
from schemathesis.openapi.checks import JsonSchemaError, RejectedPositiveData
from urllib3.util import Retry

from .plan import PLAN, FuzzPlan, Substitutes
from .reading import reading

_GATEWAY = (502, 504)
"""Statuses of a proxy that got no answer from the server behind it."""

_plan = FuzzPlan(**json.loads(Path(os.environ[PLAN]).read_text(encoding="utf-8")))
_substitutes = Substitutes(_plan)
_parent = os.getppid()
_send = requests.adapters.HTTPAdapter.send


def _guard(adapter: requests.adapters.HTTPAdapter, request: requests.PreparedRequest, **options: Any) -> Any:
    """Send a request, if it may be sent; one that is delayed by the server, or was lost, is repeated.

    No hook sees all requests: those that a check makes, and redirects, pass through here alone.
    """
    if os.getppid() != _parent:
        os._exit(2)  # nobody is left to read what is found
    _substitutes.check(str(request.method), str(request.url))
    adapter.max_retries = Retry(
        total=5, redirect=0, status_forcelist=_GATEWAY, allowed_methods=None, raise_on_status=False, backoff_factor=0.2
    )
    return _send(adapter, request, **options)


requests.adapters.HTTPAdapter.send = _guard  # type: ignore[method-assign, assignment]


@schemathesis.hook
def before_call(context: HookContext, case: Case[Any], **_: Any) -> None:  # noqa: ARG001 - Schemathesis names them
    """SIDs that are there to read, SIDs that are not to delete, filters that match something."""
    is_fuzzing = case.meta is not None and case.meta.phase.name == TestPhase.FUZZING
    case.path_parameters = _substitutes.path(case.method.upper(), case.path_parameters, always=not is_fuzzing)
    is_negative = case.meta is not None and case.meta.is_negative_at(ParameterLocation.QUERY)
    if case.query and not is_negative:
        case.query = _substitutes.query(case.query)


@schemathesis.hook
def filter_failure(context: HookContext, failure: Failure, case: Case[Any], response: Response) -> bool:  # noqa: ARG001
    """Whether what Schemathesis takes for a failure is one, going by the contract."""
    if response.status_code == HTTPStatus.SERVICE_UNAVAILABLE and "retry-after" in response.headers:
        return False
    read = reading(str(response.request.url), _plan.prefix, _plan.tokens)
    if isinstance(failure, AcceptedNegativeData):
        return read == "invalid" and _is_success(response)
    if isinstance(failure, RejectedPositiveData):
        return read == "valid"
    if isinstance(failure, JsonSchemaError):
        failure.message = _describe(failure)
    return read != "odd" or _is_success(response) or response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR


def _is_success(response: Response) -> bool:
    return response.status_code < HTTPStatus.MULTIPLE_CHOICES


def _describe(failure: JsonSchemaError) -> str:
    """Say what is wrong with a body or a header, without what it holds."""
    keyword = str(failure.schema_path[-1]) if failure.schema_path else "schema"
    where = "/" + "/".join(map(str, failure.instance_path))
    if keyword == "required":  # the message names what the schema asks for
        return f"{where}: {failure.validation_message}"
    return f"{where} breaks `{keyword}` of its schema"
