"""The matrix as a table for the terminal, as JSON, and as Markdown."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from ..bench.results import Json, table
from .asking import OPERATIONS, Outcome
from .matrix import Line

RESULTS = Path(__file__).parents[3] / "build" / "faults.json"

_HEAD = ("engine", "fault", *OPERATIONS, "slowest answer, s", "works again after, s", "holds")


def show(lines: Sequence[Line]) -> None:
    """Print the matrix, and below it each broken expectation."""
    shown = Table(*_HEAD, title="What was answered, by fault and operation", show_lines=True)
    for line in lines:
        shown.add_row(*_row(line), style="red" if line.problems else "")
    console = Console(width=None if Console().is_terminal else 200)
    console.print(shown)
    for line in lines:
        for problem in line.problems:
            console.print(f"{line.fault.engine}, {line.fault.name}: {problem}", style="red", markup=False)


def markdown(lines: Sequence[Line]) -> list[str]:
    """The matrix as Markdown."""
    return table(_HEAD, [_row(line) for line in lines])


def keep(lines: Sequence[Line], path: Path) -> None:
    """Write all that came of the faults to a JSON file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([_json(line) for line in lines], indent=2) + "\n", encoding="utf-8")


def _row(line: Line) -> list[str]:
    times = list(line.recovered.values())
    return [
        line.fault.engine,
        line.fault.name,
        *(", ".join(dict.fromkeys(map(_answer, line.of(operation)))) for operation in OPERATIONS),
        f"{max(outcome.seconds for outcome in line.outcomes):.2f}",
        "never" if None in times else f"{max(times):.2f}",
        "NO" if line.problems else "yes",
    ]


def _answer(outcome: Outcome) -> str:
    return str(outcome.status) if outcome.status else "none"


def _json(line: Line) -> Json:
    return {
        "engine": line.fault.engine,
        "fault": line.fault.name,
        "operations": {operation: _operation(line, operation) for operation in OPERATIONS},
        "answers_within_s": line.fault.within,
        "problems": line.problems,
    }


def _operation(line: Line, operation: str) -> Json:
    recovered = line.recovered[operation]
    return {
        "answers": list(_answers(line.of(operation))),
        "works_again_after_s": None if recovered is None else round(recovered, 3),
    }


def _answers(outcomes: Sequence[Outcome]) -> Iterator[Json]:
    for outcome in outcomes:
        yield {
            "status": outcome.status or None,
            "code": outcome.code,
            "retry_after": outcome.retry_after,
            "seconds": round(outcome.seconds, 3),
        }
