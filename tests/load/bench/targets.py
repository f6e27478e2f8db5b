"""The targets of the figures, each beside its measurement: `python -m tests.load.bench.targets`."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from .results import RESULTS, Json, say, table
from .writing import FLUSH_MS


class Target(NamedTuple):
    """A number, and the bound that it must keep."""

    name: str
    measure: Callable[[Json], float]
    bound: float
    is_least: bool = True
    """Whether the bound is the least that it may be, and not the most."""

    def row(self, results: Json) -> list[str] | None:
        """Its line of the table; None when it was not measured."""
        try:
            value = self.measure(results)
        except KeyError:
            return None
        holds = value >= self.bound if self.is_least else value <= self.bound
        return [
            self.name,
            f"{'>=' if self.is_least else '<='} {self.bound:g}",
            f"{value:.2f}",
            "yes" if holds else "NO",
        ]


def _reads(kind: str, other: str) -> Callable[[Json], float]:
    def measure(results: Json) -> float:
        rates = results["reads"][kind]
        return rates["ours"]["requests_per_s"] / rates[other]["requests_per_s"]

    return measure


def _as_fast_as_a_fetch(kind: str) -> Callable[[Json], float]:
    def measure(results: Json) -> float:
        reads = results["reads"]
        return reads[kind]["ours"]["requests_per_s"] / reads["fetch"]["ours"]["requests_per_s"]

    return measure


SLOWER = f", a flush {FLUSH_MS} ms longer"


def _writes(kind: str, remark: str = "") -> Callable[[Json], float]:
    def measure(results: Json) -> float:
        rates = results["writes"][f"{kind}, 64 connections{remark}"]
        return rates["ours"]["requests_per_s"] / rates["one commit"]["requests_per_s"]

    return measure


def _slowest(results: Json) -> float:
    queries = [results["scale"][size]["queries"] for size in sorted(results["scale"], key=int)]
    return max(queries[-1][name]["p50_ms"] / queries[0][name]["p50_ms"] for name in queries[0])


def _verify(name: str) -> Callable[[Json], float]:
    def measure(results: Json) -> float:
        seconds: float = results["verify"][name]["seconds"]
        return seconds

    return measure


def _largest(fact: str) -> Callable[[Json], float]:
    return lambda results: results["scale"][max(results["scale"], key=int)][fact]


TARGETS = (
    Target("fetch / the limit", _reads("fetch", "limit"), 0.6),
    Target("fetch / stock Connexion", _reads("fetch", "stock"), 5),
    Target("fetch / FastAPI", _reads("fetch", "fastapi"), 2.5),
    Target("fetch / Prism", _reads("fetch", "prism"), 3.5),
    Target("list of 50 / the limit", _reads("list of 50", "limit"), 0.9),
    Target("list of 50 / stock Connexion", _reads("list of 50", "stock"), 3.5),
    Target("list of 50 / FastAPI", _reads("list of 50", "fastapi"), 2),
    Target("list of 50 / Prism", _reads("list of 50", "prism"), 2),
    Target("404 / fetch", _as_fast_as_a_fetch("404"), 1),
    Target("401, wrong token / fetch", _as_fast_as_a_fetch("401, wrong token"), 1),
    Target("401, no credentials / fetch", _as_fast_as_a_fetch("401, no credentials"), 1),
    Target("register, 64 connections / one commit a request", _writes("register"), 10),
    Target("delete, 64 connections / one commit a request", _writes("delete"), 10),
    Target("register likewise, flushes of the disk 4 ms longer", _writes("register", SLOWER), 10),
    Target("delete likewise, flushes of the disk 4 ms longer", _writes("delete", SLOWER), 10),
    Target("p50 of the largest service / of the smallest, the worst query", _slowest, 1.5, is_least=False),
    Target("import of the largest / executemany", _largest("import_ratio"), 0.333),
    Target("import of the largest, MB", _largest("import_memory_mb"), 300, is_least=False),
    Target("requests per CPU second, 2 workers / 1", lambda results: results["workers"]["ratio"], 0.85),
    Target(
        "serve to its first answer / import connexion",
        lambda results: results["startup"]["serve, first answer"]["ratio"],
        1.6,
        is_least=False,
    ),
    Target("verify, near, seconds", _verify("near: the reference service"), 6, is_least=False),
    Target("verify, 150 ms away, seconds", _verify("150 ms away"), 30, is_least=False),
    Target("--help / import connexion", lambda results: results["startup"]["--help"]["ratio"], 0.333, is_least=False),
)


def tables(path: Path) -> list[str]:
    """The targets of what stands in the results."""
    results = json.loads(path.read_text(encoding="utf-8"))
    return table(["target", "bound", "measured", "holds"], list(_rows(results)))


def _rows(results: Json) -> Iterator[list[str]]:
    for target in TARGETS:
        if row := target.row(results):
            yield row


if __name__ == "__main__":
    say(*tables(RESULTS))
