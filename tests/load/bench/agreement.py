"""Before anything is measured: do all contenders give the same answers?"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from openapi_schema_validator import OAS30Validator

from ...support import raw
from ...support.answers import operations
from .contending import MOCK, OURS, Contender
from .kinds import Kind

_ASKED_EACH = 5
_HOST = "bench.test"
"""The host of all requests, so that the URLs in the responses are the same."""


class DisagreementError(Exception):
    """A contender answers otherwise; the message says what."""


def asked(contender: Contender, kind: Kind) -> bool:
    """Whether a contender gets requests of a kind at all."""
    return kind.needs <= contender.does


def headers(contender: Contender, kind: Kind) -> Mapping[str, str]:
    """The headers of a kind's requests; for Prism they choose the example of the response."""
    prefer = {"Prefer": kind.prefer} if contender is MOCK and kind.prefer else {}
    return {**kind.load.headers, **prefer}


Answer = tuple[int, str | None, Any]


def given(url: str, contender: Contender, kind: Kind) -> list[Answer]:
    """The answers of a contender to the first requests of a kind: status, content type and body."""
    return list(_given(url, contender, kind))


def _given(url: str, contender: Contender, kind: Kind) -> Iterator[Answer]:
    sent = [("Host", _HOST), *headers(contender, kind).items()]
    for path in kind.load.paths[:_ASKED_EACH]:
        answer = raw.ask(url, kind.load.method, path, sent)
        yield answer.status, answer.header("Content-Type"), json.loads(answer.content)


def check(contender: Contender, kind: Kind, answers: list[Answer], ours: list[Answer]) -> None:
    """Raise `DisagreementError` unless a contender answers as ours does.

    Prism reads no database: its answers are examples of the spec. They must have our status and content type, be what
    the spec documents, and be of as many Bindings as ours.
    """
    for number, (answer, expected) in enumerate(zip(answers, ours, strict=True)):
        where = f"{contender.label}, {kind.name}, {kind.load.paths[number]}"
        if expected[:2] != (kind.status, "application/json"):
            raise DisagreementError(f"{OURS.label} answers {expected[:2]} to {where}")
        if contender is MOCK:
            _check_example(where, answer, expected)
        elif answer != expected:
            raise DisagreementError(f"{where}: {_shown(answer)}, not {_shown(expected)}")


def _check_example(where: str, answer: Answer, expected: Answer) -> None:
    status, content_type, body = answer
    if (status, content_type) != expected[:2]:
        raise DisagreementError(f"{where}: {_shown(answer)}, not {expected[:2]}")
    operation = "listBindings" if "bindings" in expected[2] else "fetchBinding"
    schema = operations()[operation].spec["responses"][str(status)]["content"]["application/json"]["schema"]
    for error in OAS30Validator(schema).iter_errors(body):
        raise DisagreementError(f"{where}: {error.message}")
    if len(body.get("bindings", ())) != len(expected[2].get("bindings", ())):
        raise DisagreementError(f"{where}: {len(body['bindings'])} Bindings, not {len(expected[2]['bindings'])}")


def _shown(answer: Answer) -> str:
    return f"{answer[0]} {answer[1]} {json.dumps(answer[2])[:600]}"
