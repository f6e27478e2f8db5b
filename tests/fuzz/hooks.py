"""Schemathesis' hooks: they replace generated values by real ones.

Schemathesis loads this module itself (`hooks` in schemathesis.toml). Values that a link extracted, or that are meant to
be invalid, stay; a value that is invalid only until it is serialised is passed on in its serialised form.
"""

import json
import os
from pathlib import Path
from typing import Any

import requests
import schemathesis
import tracecov.schemathesis
from schemathesis import Case, HookContext, Response
from schemathesis.auths import AuthContext, set_on_generated_case
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation.meta import TestPhase

from .seeds import CONTROL_TOKEN, SEEDS
from .substitutes import Substitutes, as_read

_LONGEST = {"duration": 86400, "wait": 60}
_FORM = "application/x-www-form-urlencoded"

_substitutes = Substitutes(json.loads(Path(os.environ[SEEDS]).read_text(encoding="utf-8")))

tracecov.schemathesis.install()


@schemathesis.hook
def map_path_parameters(context: HookContext, path_parameters: dict[str, Any]) -> dict[str, Any]:
    """Replace most SIDs by existing ones. Neither the coverage phase nor a link's SIDs come through here."""
    return _substitutes.sids(path_parameters) if path_parameters else path_parameters


@schemathesis.hook
def map_case(context: HookContext, case: Case) -> Case:
    """Replace the coverage phase's SIDs, page tokens, filters and devices by real ones that match."""
    if case.meta is None:
        return case
    is_coverage = case.meta.phase.name == TestPhase.COVERAGE
    if is_coverage and not case.meta.is_negative_at(ParameterLocation.PATH):
        case.path_parameters = _substitutes.sids(case.path_parameters, always=True)
    if _substitutes.world is not None:
        _control(case)
    if case.query:
        case.query = _real_query(_query_as_read(case), is_coverage=is_coverage)
    if isinstance(case.body, dict) and case.media_type == _FORM:
        encoding = case.operation.definition.raw["requestBody"]["content"][_FORM]["encoding"]
        case.body = as_read(case.body, [name for name, how in encoding.items() if how["explode"]])
    if isinstance(case.body, dict) and case.meta.phase.name == TestPhase.STATEFUL:
        case.body = _substitutes.device(case.path_parameters["ServiceSid"], case.body)
    return case


def _control(case: Case) -> None:
    """Shorten requests of the control API and make their bodies real: their schemas leave most to other schemas."""
    name = {"streamRequests": "duration", "listRequests": "wait"}.get(_name(case))
    if name and str((case.query or {}).get(name, 1)) in map(str, range(1, _LONGEST[name] + 1)):
        case.query = {**(case.query or {}), name: 0}
    if isinstance(case.body, dict) and not case.meta.is_negative_at(ParameterLocation.BODY):
        accounts = [f"AC{index:032x}" for index, _ in enumerate(case.body.get("rules", ()))]
        rules = [{"code": 503, "first": 1, "account": sid} for sid in accounts]
        case.body = {**case.body, "rules": rules} if rules else _substitutes.world


def _name(case: Case) -> str:
    return case.operation.definition.raw["operationId"]


def _query_as_read(case: Case) -> dict[str, Any]:
    lists = {each.name for each in case.operation.query if each.definition["schema"].get("type") == "array"}
    sent = as_read({name: value for name, value in case.query.items() if name in lists}, lists)
    return {name: value for name, value in case.query.items() if name not in lists} | sent


def _real_query(query: dict[str, Any], *, is_coverage: bool) -> dict[str, Any]:
    # the coverage phase may filter by what nothing matches: it follows no links
    return _substitutes.token(query if is_coverage else _substitutes.identity(query))


@schemathesis.hook
def before_add_examples(context: HookContext, examples: list[Case]) -> None:
    """Add what Schemathesis does not send by itself: a query parameter where none is declared, and an `Origin`."""
    operation = context.operation
    assert operation is not None
    service = _substitutes.services[0]
    sids = _substitutes.sids({"AccountSid": "AC" + "0" * 32}, always=True)
    sids |= {"ServiceSid": service["sid"], "Sid": service["bindings"][-1]}
    path = {parameter.name: sids[parameter.name] for parameter in operation.path_parameters}
    body = {"body": examples[0].body, "media_type": examples[0].media_type} if operation.body else {}
    for extra in ({"query": {"Unknown": "1"}}, {"headers": {"Origin": "https://example.com"}}):
        case = operation.Case(path_parameters=dict(path), **body, **extra)
        set_on_generated_case(case, AuthContext(operation=operation, app=None), None)
        examples.append(case)


@schemathesis.hook
def after_call(context: HookContext, case: Case, response: Response) -> None:
    """Record deleted Bindings."""
    if response.request.method == "DELETE" and response.status_code < 300:
        _substitutes.forget(response.request.url.rpartition("/")[2])
    if _name(case) in ("reset", "putWorld") and response.status_code < 300:
        _substitutes.restore()
    if _name(case) == "addFaults" and response.status_code < 300:  # only so many may be in force
        url = response.request.url.partition("?")[0]
        requests.delete(url, headers={"Authorization": f"Bearer {CONTROL_TOKEN}"}, timeout=20).raise_for_status()


@schemathesis.deserializer("text/event-stream")
def events(context: Any, response: Any) -> str:
    """Generate a stream of events as text."""
    return str(response.content.decode())
