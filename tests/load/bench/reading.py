"""Reads: all contenders, in turn and interleaved, over the same kinds of requests on the same database."""

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

import yaml

from ...support import raw
from ..figures import ROOT, table
from ..worlds import Population
from .agreement import Answer, check, given, headers
from .contending import OURS, READERS, Contender, Site, running, turns
from .kinds import AUTHORIZATION, COLLECTION, Kind, reads
from .wrk import Driven, drive, medians

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


def measure(site: Site, population: Population, *, rounds: int, seconds: int, connections: int) -> list[str]:
    """Drive all contenders; the first is what the others must agree with. Gives rates, ratios and latencies."""
    write_spec(site)
    expected: dict[str, list[Answer]] = {}
    driven: dict[str, dict[str, list[Driven]]] = defaultdict(lambda: defaultdict(list))
    for contender in turns("reads", READERS, rounds):
        kinds = [kind for kind in reads(population) if kind.needs <= contender.does]
        with running(contender.command, site) as process:

            def run(kind: Kind, seconds: float, contender: Contender = contender, url: str = process.url) -> Driven:
                load = kind.load._replace(headers=headers(contender, kind))
                return drive(url, load, connections=connections, seconds=seconds)

            for kind in kinds:
                answers = given(process.url, contender, kind)
                check(contender, kind, answers, expected.setdefault(kind.name, answers))
            run(kinds[0], 1)  # warms it up
            for kind in kinds:
                driven[kind.name][contender.name].append(run(kind, seconds))
    results = {kind: {name: medians(each) for name, each in by_name.items()} for kind, by_name in driven.items()}
    return _tables(results)


def _tables(results: Mapping[str, Mapping[str, Driven]]) -> list[str]:
    def cells(show: Callable[[Driven, Driven], str], those: Sequence[Contender] = READERS) -> list[list[str]]:
        """Give a row for each kind: a contender's results and ours, shown, or a dash where nothing was measured."""
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
