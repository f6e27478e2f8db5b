"""The agreement of the contenders, which is checked before anything is measured: all must give the same answers."""

import json
from collections.abc import Mapping
from typing import Any

from openapi_schema_validator import OAS30Validator

from ...support import raw
from ...support.answers import operations
from .contending import MOCK, Contender
from .kinds import Kind

_EACH = 5
_HOST = "bench.test"
"""The host of all requests, so that the URLs in the responses are the same."""

Answer = tuple[int, str | None, Any]
"""A status, a content type and a body."""


class DisagreementError(Exception):
    """A contender answers otherwise; the message has both answers."""


def headers(contender: Contender, kind: Kind) -> Mapping[str, str]:
    """Return the headers of a kind's requests; for Prism they choose the example of the response."""
    prefer = {"Prefer": kind.prefer} if contender is MOCK and kind.prefer else {}
    return {**kind.load.headers, **prefer}


def given(url: str, contender: Contender, kind: Kind) -> list[Answer]:
    """Send a contender the first requests of a kind."""
    sent = [("Host", _HOST), *headers(contender, kind).items()]
    answers = [raw.ask(url, kind.load.method, path, sent) for path in kind.load.paths[:_EACH]]
    return [(each.status, each.header("Content-Type"), json.loads(each.content)) for each in answers]


def check(contender: Contender, kind: Kind, answers: list[Answer], ours: list[Answer]) -> None:
    """Raise `DisagreementError` unless a contender answers as our service does, and that as the kind defines."""
    for path, answer, expected in zip(kind.load.paths[:_EACH], answers, ours, strict=True):
        is_same = _is_example(answer, expected) if contender is MOCK else answer == expected
        if not is_same or expected[:2] != (kind.status, "application/json"):
            where = f"{contender.label}, {kind.name}, {path}"
            raise DisagreementError(f"{where}: {str(answer)[:600]}, not {str(expected)[:600]}")


def _is_example(answer: Answer, expected: Answer) -> bool:
    """Tell whether an answer of Prism's, which reads no database, is the spec's example of ours.

    It has our status and content type, is what the spec documents, and is of as many Bindings.
    """
    status, _, body = expected
    operation = "listBindings" if "bindings" in body else "fetchBinding"
    schema = operations()[operation].spec["responses"][str(status)]["content"]["application/json"]["schema"]
    sizes = {len(each.get("bindings", ())) for each in (answer[2], body)}
    return answer[:2] == expected[:2] and OAS30Validator(schema).is_valid(answer[2]) and len(sizes) == 1
