"""Reads: all contenders, in turn and interleaved, over the same kinds of requests on the same database."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from ...support import raw
from ..worlds import Population
from .agreement import Answer, asked, check, given, headers
from .contending import OURS, ROOT, Contender, Site, running
from .kinds import AUTHORIZATION, COLLECTION, Kind, reads
from .results import Json, ratio, say, summary, table
from .wrk import Driven, drive

_EXAMPLES = {"page_50": "PageSize=50", "page_1000": "PageSize=1000", "page_2": "PageSize=2"}


def write_spec(spec: Path, database: Path) -> None:
    """Write the spec with pages of the database's own Bindings as examples, as large as those that are asked for."""
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
        self.driven: dict[str, dict[str, list[Driven]]] = defaultdict(lambda: defaultdict(list))

    def run(self, contenders: Sequence[Contender], rounds: int) -> Json:
        """Measure all in each round, in an order that rotates; the first is what the others must agree with."""
        for number in range(rounds):
            start = number % len(contenders)
            for contender in (*contenders[start:], *contenders[:start]):
                say(f"round {number + 1} of {rounds}: {contender.label}")
                with running(contender.command, self._site) as process:
                    self._measure(contender, process.url)
        return {
            kind: {name: summary(driven) for name, driven in by_name.items()} for kind, by_name in self.driven.items()
        }

    def _measure(self, contender: Contender, url: str) -> None:
        kinds = [kind for kind in self._kinds if asked(contender, kind)]
        for kind in kinds:
            answers = given(url, contender, kind)
            check(contender, kind, answers, self._expected.setdefault(kind.name, answers))
        self._drive(contender, url, kinds[0], 1)  # warms it up
        for kind in kinds:
            self.driven[kind.name][contender.name].append(self._drive(contender, url, kind, self._seconds))

    def _drive(self, contender: Contender, url: str, kind: Kind, seconds: float) -> Driven:
        load = kind.load._replace(headers=headers(contender, kind))
        return drive(url, load, connections=self._connections, seconds=seconds)


def tables(results: Mapping[str, Any], contenders: Sequence[Contender]) -> list[str]:
    """The results, for the README."""
    others = [each for each in contenders if each is not OURS]
    rows, latencies = [], []
    for kind, by_name in results.items():
        rates = [f"{by_name[each.name]['requests_per_s']:,.0f}" if each.name in by_name else "-" for each in contenders]
        rows.append([kind, *rates, *(ratio(by_name, OURS.name, other.name) for other in others)])
        latencies.append(
            [kind]
            + [
                f"{by_name[each.name]['p50_ms']:.2f} / {by_name[each.name]['p99_ms']:.2f}"
                if each.name in by_name
                else "-"
                for each in contenders
            ]
        )
    labels = [each.label for each in contenders]
    head = ["requests/s", *labels, *(f"ours / {each.label}" for each in others)]
    return [*table(head, rows), "", *table(["p50 / p99, ms", *labels], latencies)]
