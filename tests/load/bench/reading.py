"""Reads: all contenders, in turn and interleaved, over the same kinds of requests on the same database.

Beside it the cost of a second worker.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from statistics import median

import yaml

from ...support import raw
from ...support.processes import computed
from ..figures import ROOT, table
from ..worlds import Population
from .agreement import Answer, check, given, headers
from .contending import OURS, READERS, Contender, Site, running, served, turns
from .kinds import AUTHORIZATION, COLLECTION, Kind, reads
from .wrk import Driven, drive, medians

CONNECTIONS = 32
_EXAMPLES = {"page_50": "PageSize=50", "page_1000": "PageSize=1000", "page_2": "PageSize=2"}


def write_spec(site: Site) -> None:
    """Write the spec with pages of the database's own Bindings as examples, as large as the requested ones."""
    document = yaml.safe_load((ROOT / "openapi" / "bindings.yaml").read_text(encoding="utf-8"))
    examples = {}
    with running(OURS.command, site) as ours:
        for name, query in _EXAMPLES.items():
            page = raw.ask(ours.url, "GET", f"{COLLECTION}?{query}", list(AUTHORIZATION.items()))
            examples[name] = {"value": json.loads(page.content)}
    responses = document["paths"]["/v2/Services/{ServiceSid}/Bindings"]["get"]["responses"]
    responses["200"]["content"]["application/json"]["examples"] = examples
    site.spec.write_text(json.dumps(document), encoding="utf-8")  # in YAML, some endpoints would be numbers to Prism


def measure(site: Site, population: Population, *, rounds: int, seconds: int) -> list[str]:
    """Drive all contenders, which must agree with the first. Returns rates, ratios and latencies."""
    write_spec(site)
    expected: dict[str, list[Answer]] = {}
    driven: dict[str, dict[str, list[Driven]]] = defaultdict(lambda: defaultdict(list))
    for contender in turns("reads", READERS, rounds):
        kinds = [kind for kind in reads(population) if kind.name not in contender.skips]
        with running(contender.command, site) as process:

            def run(kind: Kind, seconds: float, contender: Contender = contender, url: str = process.url) -> Driven:
                load = kind.load._replace(headers=headers(contender, kind))
                return drive(url, load, connections=CONNECTIONS, seconds=seconds)

            for kind in kinds:
                answers = given(process.url, contender, kind)
                check(contender, kind, answers, expected.setdefault(kind.name, answers))
            run(kinds[0], 1)  # warms it up
            for kind in kinds:
                driven[kind.name][contender.name].append(run(kind, seconds))
    results = {kind: {name: medians(each) for name, each in by_name.items()} for kind, by_name in driven.items()}
    return _tables(results)


def measure_workers(site: Site, population: Population, *, rounds: int, seconds: int) -> list[str]:
    """Drive fetches of one worker and of two in turn: requests for each second of the servers' CPU time."""
    load = reads(population)[0].load
    per_cpu: dict[int, list[float]] = defaultdict(list)
    rates: dict[int, list[float]] = defaultdict(list)
    for workers in turns("workers", (1, 2), rounds):
        with running(lambda *at, n=workers: served(*at, "--workers", n), site) as process:
            drive(process.url, load, connections=CONNECTIONS, seconds=1)
            before = computed(process.pid)
            driven = drive(process.url, load, connections=CONNECTIONS, seconds=seconds)
            per_cpu[workers].append(driven.requests / (computed(process.pid) - before))
            rates[workers].append(driven.rate)
    rows = [[str(each), f"{median(per_cpu[each]):,.0f}", f"{median(rates[each]):,.0f}"] for each in (1, 2)]
    rows.append(["2 / 1", f"{median(per_cpu[2]) / median(per_cpu[1]):.2f}", ""])
    return table(["workers", "fetches per CPU second of the servers", "fetches/s"], rows)


def _tables(results: Mapping[str, Mapping[str, Driven]]) -> list[str]:
    def cells(show: Callable[[Driven, Driven], str], those: Sequence[Contender] = READERS) -> list[list[str]]:
        """Return a row for each kind: a contender's results and ours, shown, or a dash where nothing was measured."""
        return [
            [show(by_name[each.name], by_name[OURS.name]) if each.name in by_name else "-" for each in those]
            for by_name in results.values()
        ]

    labels, others = [each.label for each in READERS], [each for each in READERS if each is not OURS]
    rates = cells(lambda each, _: f"{each.rate:,.0f}")
    ratios = cells(lambda each, ours: f"{ours.rate / each.rate:.2f}", others)
    latencies = cells(lambda each, _: each.latencies)
    return [
        *table(
            ["requests/s", *labels, *(f"ours / {each.label}" for each in others)],
            [[kind, *rate, *ratio] for kind, rate, ratio in zip(results, rates, ratios, strict=True)],
        ),
        "",
        *table(["p50 / p99, ms", *labels], [[kind, *row] for kind, row in zip(results, latencies, strict=True)]),
    ]
