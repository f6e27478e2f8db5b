"""A clause: one rule of the contract, with the check that proves it."""

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

Level = Literal["must", "should"]

Check = Callable[..., None]
"""A function that checks a clause. It takes the run's `Evidence`, and raises a violation."""

F = TypeVar("F", bound=Check)

PAGE = "Twilio's page"
"""Twilio's page of the resource."""
SDKS = "the official SDKs"
"""Requests of the official SDKs, and the answers that they need."""
OURS = "decided here"
"""A decision of this contract where Twilio's page is silent."""

_ID = re.compile(r"[A-Z]+-[0-9]{2}")
_ATTRIBUTE = "chat_bindings_clause"


@dataclass(frozen=True)
class Clause:
    """A rule of the contract, before it is checked."""

    id: str
    """Permanent: never renumbered, never used again."""
    level: Level
    """`must`: Twilio's page says it, a standard does, or every client relies on it. `should`: decided here."""
    title: str
    sentence: str
    source: str
    spec: str
    """A JSON pointer into openapi/bindings.yaml."""
    deletes: str = ""
    """Of a clause whose check deletes: under which name the plan says what (see `plan.py`)."""
    rule: str = ""
    """The beginning of the rule of the contract that it holds: the bold words in the description of `info`."""
    last: bool = False
    """Whether its check judges all answers that the run has seen, and so comes last."""

    @property
    def section(self) -> str:
        """The beginning of its id."""
        return self.id.partition("-")[0]


def clause(
    identifier: str,
    level: Level,
    title: str,
    *,
    source: str,
    spec: str,
    deletes: str = "",
    rule: str = "",
    last: bool = False,
) -> Callable[[F], F]:
    """Mark a function as the check of a clause. The first paragraph of its docstring is the clause's sentence."""
    if not _ID.fullmatch(identifier):
        raise ValueError(f"{identifier} is no id of a clause")

    def mark(check: F) -> F:
        sentence = " ".join((inspect.getdoc(check) or "").partition("\n\n")[0].split())
        setattr(check, _ATTRIBUTE, Clause(identifier, level, title, sentence, source, spec, deletes, rule, last))
        return check

    return mark


def is_check(value: Any) -> bool:
    """Tell whether a value is the check of a clause."""
    return isinstance(getattr(value, _ATTRIBUTE, None), Clause)


def clause_of(check: Check) -> Clause:
    """Give the clause that a function checks. Raises AttributeError for a function that checks none."""
    found: Clause = getattr(check, _ATTRIBUTE)
    return found
