"""Exceptions of a check: a violation, or a world that has nothing to exercise the clause with."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Never, TypeVar

if TYPE_CHECKING:
    from .response import Answer


T = TypeVar("T")

_NAMED, _LONGEST_NAME = 12, 48
"""Cases that a violation names, and characters of each name."""


class Violation(Exception):
    """The target breaks the clause."""

    def __init__(self, expected: str, actual: str, *shown_by: "Answer", detail: str = "") -> None:
        super().__init__(f"expected {expected}; actual: {actual}")
        self.expected = expected
        self.actual = actual
        self.detail = detail
        self.shown_by: Sequence[Answer] = shown_by
        """The answers that show it, in the order in which they were asked for."""

    @property
    def cause(self) -> str:
        """The error that the target gave, in its own words, which other violations may have in common."""
        if not self.shown_by:
            return ""
        answer = self.shown_by[-1]
        return answer.summary_of_error if answer.summary_of_error and f"status {answer.status}" in self.actual else ""

    @property
    def curl(self) -> str:
        """The lines of shell that show it."""
        return "\n".join(dict.fromkeys(answer.request.curl for answer in self.shown_by))


class NotShown(Exception):
    """The clause cannot be judged with this world; the message says what is missing."""


class WorldLacks(NotShown):
    """The world has nothing to exercise the clause with."""

    def __init__(self, what: str) -> None:
        super().__init__(f"the world has no {what}")
        self.what = what


class CannotRun(Exception):
    """The target cannot be verified; the message says what to do."""


class TargetGone(Exception):
    """The target answers nothing any more; the message says what was tried."""


class DeleteLost(Exception):
    """The answer to a DELETE was lost. It must not be repeated, since nobody knows whether it took effect."""

    def __init__(self, message: str, unanswered: "Answer") -> None:
        super().__init__(message)
        self.unanswered = unanswered
        """The stand-in for the answer."""

    def again(self) -> Violation:
        """Make the violation that it is where this is not the first time: then it is no fault of the network."""
        actual = "none, and not for the first time, while other requests are answered"
        return Violation("an answer to a DELETE", actual, self.unanswered, detail=str(self))


def fail(expected: str, actual: str, *shown_by: "Answer", detail: str = "") -> Never:
    """Raise the violation of the clause."""
    raise Violation(expected, actual, *shown_by, detail=detail)


def check(holds: object, expected: str, actual: str, *shown_by: "Answer", detail: str = "") -> None:
    """Raise the violation of the clause unless something holds."""
    if not holds:
        fail(expected, actual, *shown_by, detail=detail)


def every(cases: Iterable[tuple[str, Callable[[], object]]]) -> None:
    """Make several checks, each with the name of its case. Raises one `Violation` that names every case that fails.

    Raises `NotShown` where none fails, and the world lacks what one of them needs.
    """
    failed: list[tuple[str, Violation]] = []
    lacking: NotShown | None = None
    count = 0
    for name, case in cases:
        count += 1
        try:
            case()
        except Violation as violation:
            failed.append((name, violation))
        except NotShown as error:
            lacking = error
    if failed:
        raise merge_cases(failed, count)
    if lacking is not None:
        raise lacking


def each_of(values: Iterable[T], check: Callable[[T], object]) -> None:
    """Make the same check of several values. Raises one `Violation` that names every one that fails."""
    every((case_name(value), partial(check, value)) for value in values)


def merge_cases(failed: Sequence[tuple[str, Violation]], count: int) -> Violation:
    """Make one violation of those of some cases: the shortest one, with the names of all."""
    shortest = min((violation for _, violation in failed), key=lambda violation: len(violation.curl))
    if count == 1:
        return shortest
    names = list(dict.fromkeys(name for name, _ in failed if name))
    shown = ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")
    summary = f"{len(failed)} of {count} cases fail{'s' if len(failed) == 1 else ''}{': ' if names else ''}{shown}"
    detail = f"{shortest.detail}; {summary}" if shortest.detail else summary
    return Violation(shortest.expected, shortest.actual, *shortest.shown_by, detail=detail)


def case_name(value: object) -> str:
    """Name the case of a value: a parameter, a path, a SID, a request, a part of one, or what a tuple begins with."""
    if isinstance(value, tuple) and len(value) == 2 and all(isinstance(each, str) for each in value):
        value = "=".join(value)
    if isinstance(value, tuple) and value and not isinstance(value[0], str):
        part = f"{value[1]} of " if len(value) == 2 and isinstance(value[1], str) else ""
        return part + case_name(value[0])
    text = str(getattr(value, "case", getattr(value, "sid", value)))
    shown = text if len(text) <= _LONGEST_NAME else f"{text[:_LONGEST_NAME]}..."
    return shown if shown.isprintable() and shown == shown.strip() and shown else repr(shown)


def some(bindings: Sequence[str]) -> str:
    """Name a few SIDs of many, for a sentence."""
    shown = ", ".join(sorted(bindings)[:3])
    return shown if len(bindings) <= 3 else f"{shown} and {len(bindings) - 3} more"
