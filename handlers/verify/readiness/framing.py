"""Framing: answers that no clause can read. A few requests before the clauses find them, and each is reported once."""

import codecs
import json
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from ..evidence import Evidence
from ..response import Answer
from ..violation import Violation

_FIRST_BYTES = 60
_ATTEMPTS = 2
_SERVER_ERROR = 500


DEEPEST = "HTTP-11"
"""The clause of what stands below JSON, which nothing blocks: a wrong length is the cause, broken JSON the effect."""


class Symptom(NamedTuple):
    """Something wrong with an answer that keeps clauses from reading it."""

    name: str
    scope: str
    """The answers that have it: lists, Bindings or errors."""
    expected: str
    actual: str

    @property
    def clause(self) -> str:
        """The id of the clause that tells it."""
        if self.name == "no answer":
            return DEEPEST
        if self.name == "a server error":
            return "LIST-01" if self.scope == "lists" else "FETCH-01"
        if self.scope == "errors":
            return "ERROR-02" if self.name == "HTML" else "ERROR-01"
        return "HTTP-07" if self.name == "HTML" else "TEXT-20"


class Blockage(NamedTuple):
    """A clause that is violated by what keeps others from being checked."""

    clause: str
    violation: Violation
    symptoms: frozenset[tuple[str, str]]
    """Names and scopes."""

    @property
    def reason(self) -> str:
        """The cause, in a few words."""
        scopes: dict[str, list[str]] = {}
        for name, scope in sorted(self.symptoms):
            scopes.setdefault(name, []).append(scope)
        return "; ".join(f"{name} in {' and '.join(each)}" for name, each in scopes.items())

    def explains(self, violation: Violation) -> bool:
        """Tell whether a violation is shown by an answer that cannot be read for this reason."""
        found = map(symptom, violation.shown_by)
        return any(each is not None and each[:2] in self.symptoms for each in found)


def symptom(answer: Answer) -> Symptom | None:
    """Tell what keeps an answer from being read, if anything does."""
    scope = "errors" if 400 <= answer.status < _SERVER_ERROR else "Bindings" if answer.is_of_binding else "lists"
    if not answer.status:
        return Symptom("no answer", scope, "an answer", answer.reason or "none")
    if answer.status >= _SERVER_ERROR:
        return Symptom("a server error", scope, "a status below 500", answer.summary)
    if answer.request.method in ("HEAD", "OPTIONS") or answer.status in (204, 304) or not answer.body:
        return None
    name, words = _unreadable(answer.body)
    if not name:
        return None
    begins = f"it begins with {answer.body[:_FIRST_BYTES]!r}"
    return Symptom(name, scope, "a body of one JSON document in UTF-8", f"{answer.summary}; {words}; {begins}")


CLAUSES = (DEEPEST, "LIST-01", "FETCH-01", "ERROR-02", "ERROR-01", "HTTP-07", "TEXT-20")
"""The clauses that may block others."""


def blockages(evidence: Evidence) -> Sequence[Blockage]:
    """Ask for a list, a Binding and an error, twice each: what cannot be read both times blocks other clauses."""
    target, rich = evidence.target, evidence.rich
    paths = (target.path(rich), target.path(rich, rich.bindings[0]), target.path(rich, evidence.absent()))
    first, second = (target.together([partial(_answer, evidence, path) for path in paths]) for _ in range(_ATTEMPTS))
    found: dict[str, Blockage] = {}
    clauses: dict[str, str] = {}
    for one, other in zip(first, second, strict=True):
        before, after = symptom(one), symptom(other)
        if before is None or after is None or before[:2] != after[:2]:
            continue
        if other.request.url.endswith(paths[2]) and after.scope != "errors":
            continue  # what does not exist crashes it: a clause of its own tells that
        clause = clauses.setdefault(after.name, after.clause)  # of one cause in all answers one clause tells
        known = found.get(clause, Blockage(clause, Violation(after.expected, after.actual), frozenset()))
        same = known.violation
        violation = Violation(same.expected, same.actual, *same.shown_by, other)
        found[clause] = Blockage(clause, violation, known.symptoms | {(after.name, after.scope)})
    return list(found.values())


def _answer(evidence: Evidence, path: str) -> Answer:
    try:
        return evidence.target.send("GET", path)
    except Violation as violation:
        return violation.shown_by[0]


def _unreadable(body: bytes) -> tuple[str, str]:
    """Name what keeps a body from being read as JSON, and give the parser's words; empty where it can be read."""
    name = words = ""
    try:
        json.loads(body.decode())
    except UnicodeDecodeError as error:
        name, words = "not UTF-8", f"it is not UTF-8: {error}"
    except RecursionError:
        name, words = "not JSON", "its JSON is nested too deep"
    except ValueError as error:
        if body.startswith(codecs.BOM_UTF8):
            name, words = "a byte order mark", "a byte order mark stands before the JSON"
        elif body.lstrip().startswith(b"<"):
            name, words = "HTML", "its body is HTML, or XML"
        elif str(error).startswith("Extra data"):
            name, words = "several documents", f"it is more than one JSON document: {error}"
        else:
            name, words = "not JSON", f"it is no JSON: {error}"
    return name, words
