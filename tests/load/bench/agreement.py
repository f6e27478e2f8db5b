"""The agreement of the contenders, which is checked before anything is measured: all must give the same answers."""

import json
from collections.abc import Mapping
from typing import Any

from openapi_schema_validator import OAS30Validator

from ...support import raw
from ...support.answers import operations
from .contending import MOCK, OURS, Contender
from .kinds import Kind

_EACH = 5
_HOST = "bench.test"
"""The host of all requests, so that the URLs in the responses are the same."""

Answer = tuple[int, str | None, Any]
"""A status, a content type and a body."""


class DisagreementError(Exception):
    """A contender answers otherwise; the message has both answers."""


def headers(contender: Contender, kind: Kind) -> Mapping[str, str]:
    """Give the headers of a kind's requests; for Prism they choose the example of the response."""
    prefer = {"Prefer": kind.prefer} if contender is MOCK and kind.prefer else {}
    return {**kind.load.headers, **prefer}


def given(url: str, contender: Contender, kind: Kind) -> list[Answer]:
    """Send a contender the first requests of a kind."""
    sent = [("Host", _HOST), *headers(contender, kind).items()]
    answers = [raw.ask(url, kind.load.method, path, sent) for path in kind.load.paths[:_EACH]]
    return [(each.status, each.header("Content-Type"), json.loads(each.content)) for each in answers]


def check(contender: Contender, kind: Kind, answers: list[Answer], ours: list[Answer]) -> None:
    """Raise `DisagreementError` unless a contender answers as ours does.

    Prism reads no database: its answers are examples of the spec. They must have our status and content type, be what
    the spec documents, and be of as many Bindings as ours.
    """
    for path, answer, expected in zip(kind.load.paths[:_EACH], answers, ours, strict=True):
        where = f"{contender.label}, {kind.name}, {path}"
        if expected[:2] != (kind.status, "application/json"):
            raise DisagreementError(f"{OURS.label} answers {expected[:2]} to {where}")
        is_same = answer[:2] == expected[:2] if contender is MOCK else answer == expected
        if not is_same:
            raise DisagreementError(f"{where}: {str(answer)[:600]}, not {str(expected)[:600]}")
        if contender is MOCK:
            _check_example(where, answer[2], expected)


def _check_example(where: str, body: Any, expected: Answer) -> None:
    operation = "listBindings" if "bindings" in expected[2] else "fetchBinding"
    schema = operations()[operation].spec["responses"][str(expected[0])]["content"]["application/json"]["schema"]
    for error in OAS30Validator(schema).iter_errors(body):
        raise DisagreementError(f"{where}: {error.message}")
    found, wanted = (len(each.get("bindings", ())) for each in (body, expected[2]))
    if found != wanted:
        raise DisagreementError(f"{where}: {found} Bindings, not {wanted}")
