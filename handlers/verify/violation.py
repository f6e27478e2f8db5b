"""How a check says what it found: it raises a violation, or says that the world cannot show what it asks for."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Never

if TYPE_CHECKING:
    from .response import Answer


class Violation(Exception):
    """The target breaks the clause."""

    def __init__(self, expected: str, actual: str, *shown_by: "Answer", detail: str = "") -> None:
        super().__init__(f"expected {expected}; actual: {actual}")
        self.expected = expected
        self.actual = actual
        self.detail = detail
        self.shown_by: Sequence[Answer] = shown_by
        """The answers that show it, in the order in which they were asked for."""


class NotShown(Exception):
    """The clause cannot be judged with this world; the message says what is missing."""


class CannotRun(Exception):
    """The target cannot be verified; the message says what to do."""


class TargetGone(Exception):
    """The target answers nothing any more; the message says what was tried."""


class DeleteLost(Exception):
    """The answer to a DELETE was lost. It must not be repeated, since nobody knows whether it took effect."""

    def __init__(self, message: str, unanswered: "Answer") -> None:
        super().__init__(message)
        self.unanswered = unanswered
        """What stands for the answer."""

    def again(self) -> Violation:
        """What it is where this is not the first time: then it is no fault of the network."""
        actual = "none, and not for the first time, while other requests are answered"
        return Violation("an answer to a DELETE", actual, self.unanswered, detail=str(self))


def violated(expected: str, actual: str, *shown_by: "Answer", detail: str = "") -> Never:
    """Say that the clause is violated."""
    raise Violation(expected, actual, *shown_by, detail=detail)


def check(holds: object, expected: str, actual: str, *shown_by: "Answer", detail: str = "") -> None:
    """Say that the clause is violated unless something holds."""
    if not holds:
        violated(expected, actual, *shown_by, detail=detail)


def some(bindings: Sequence[str]) -> str:
    """A few SIDs of many, for a sentence."""
    shown = ", ".join(sorted(bindings)[:3])
    return shown if len(bindings) <= 3 else f"{shown} and {len(bindings) - 3} more"
