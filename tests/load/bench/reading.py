"""Reads: all contenders, in turn and interleaved, over the same kinds of requests on the same database."""

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import yaml

from ...support import raw
from ...support.processes import computed
from ..worlds import Population
from .agreement import Answer, asked, check, given, headers
from .contending import OURS, ROOT, Contender, Running, Site, running
from .kinds import AUTHORIZATION, COLLECTION, Kind, reads
from .results import Json, ratio, say, summary, table
from .wrk import Driven, drive

_EXAMPLES = {"page_50": "PageSize=50", "page_1000": "PageSize=1000", "page_2": "PageSize=2"}


def write_spec(spec: Path, database: Path) -> None:
    """Write the spec with pages of the database's own Bindings as examples, as large as the requested ones."""
    document = yaml.safe_load((ROOT / "openapi" / "bindings.yaml").read_text(encoding="utf-8"))
    examples = {}
    with running(OURS.command, Site(database, spec)) as ours:
        for name, query in _EXAMPLES.items():
            page = raw.ask(ours.url, "GET", f"{COLLECTION}?{query}", list(AUTHORIZATION.items()))
            examples[name] = {"value": json.loads(page.content)}
    responses = document["paths"]["/v2/Services/{ServiceSid}/Bindings"]["get"]["responses"]
    responses["200"]["content"]["application/json"]["examples"] = examples
    spec.write_text(json.dumps(document), encoding="utf-8")  # in YAML, some endpoints would be numbers to Prism


class Reading:
    """The rounds of a comparison."""

    def __init__(self, site: Site, population: Population, *, seconds: float, connections: int) -> None:
        self._site = site
        self._kinds = reads(population)
        self._seconds = seconds
        self._connections = connections
        self._expected: dict[str, list[Answer]] = {}
        self._driven: dict[str, dict[str, list[Driven]]] = defaultdict(lambda: defaultdict(list))
        self._efficiency: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))

    def run(self, contenders: Sequence[Contender], rounds: int) -> Json:
        """Measure all in each round, in an order that rotates; the first is what the others must agree with."""
        for number in range(rounds):
            start = number % len(contenders)
            for contender in (*contenders[start:], *contenders[:start]):
                say(f"round {number + 1} of {rounds}: {contender.label}")
                with running(contender.command, self._site) as process:
                    self._measure(contender, process)
        return {
            kind: {name: self._summary(kind, name, driven) for name, driven in by_name.items()}
            for kind, by_name in self._driven.items()
        }

    def _measure(self, contender: Contender, process: Running) -> None:
        kinds = [kind for kind in self._kinds if asked(contender, kind)]
        for kind in kinds:
            answers = given(process.url, contender, kind)
            check(contender, kind, answers, self._expected.setdefault(kind.name, answers))
        self._drive(contender, process, kinds[0], 1)  # warms it up
        for kind in kinds:
            before = computed(process.pid)
            driven = self._drive(contender, process, kind, self._seconds)
            self._driven[kind.name][contender.name].append(driven)
            self._efficiency[kind.name][contender.name].append(driven.requests / (computed(process.pid) - before))

    def _summary(self, kind: str, name: str, driven: Sequence[Driven]) -> Json:
        return {**summary(driven), "requests_per_cpu_s": round(median(self._efficiency[kind][name]), 1)}

    def _drive(self, contender: Contender, process: Running, kind: Kind, seconds: float) -> Driven:
        load = kind.load._replace(headers=headers(contender, kind))
        return drive(process.url, load, connections=self._connections, seconds=seconds)


def tables(results: Mapping[str, Any], contenders: Sequence[Contender]) -> list[str]:
    """The results, for the README: rates and ratios, rates for the server's computing alone, and latencies."""
    labels = [each.label for each in contenders]
    others = [each for each in contenders if each is not OURS]

    def cells(show: Callable[[Json], str]) -> list[list[str]]:
        return [
            [kind, *(show(by_name[each.name]) if each.name in by_name else "-" for each in contenders)]
            for kind, by_name in results.items()
        ]

    rates = cells(lambda each: f"{each['requests_per_s']:,.0f}")
    for row, by_name in zip(rates, results.values(), strict=True):
        row += [ratio(by_name, OURS.name, other.name) for other in others]
    return [
        *table(["requests/s", *labels, *(f"ours / {each.label}" for each in others)], rates),
        "",
        *table(["requests per CPU second", *labels], cells(lambda each: f"{each['requests_per_cpu_s']:,.0f}")),
        "",
        *table(["p50 / p99, ms", *labels], cells(lambda each: f"{each['p50_ms']:.2f} / {each['p99_ms']:.2f}")),
    ]
