"""Results: medians of rounds, and ratios."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from .wrk import Driven

Json = dict[str, Any]

RESULTS = Path(__file__).parents[3] / "build" / "bench.json"


def summary(rounds: Sequence[Driven]) -> Json:
    """The medians of some rounds, with every round's rate beside them."""
    return {
        "requests_per_s": round(median(each.rate for each in rounds), 1),
        "p50_ms": round(median(each.p50 for each in rounds), 3),
        "p99_ms": round(median(each.p99 for each in rounds), 3),
        "rounds": [round(each.rate, 1) for each in rounds],
    }


def keep(path: Path, **parts: object) -> None:
    """Write parts of the results to a JSON file, beside those that stand in it already."""
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    path.write_text(json.dumps(kept | parts, indent=2) + "\n", encoding="utf-8")


def say(*lines: str) -> None:
    """Print, at once."""
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return [f"| {' | '.join(line)} |" for line in lines]


def ratio(one: Mapping[str, Json], name: str, other: str) -> str:
    """The ratio of the second one's requests to another's; a dash where either was not measured."""
    if name not in one or other not in one:
        return "-"
    return f"{one[name]['requests_per_s'] / one[other]['requests_per_s']:.2f}"
