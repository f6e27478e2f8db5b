"""`make bench` compares like with like: the same answers, the same rows, pages of the same size."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from ..support import raw
from ..support.running import Service
from .bench import executemany
from .bench.agreement import DisagreementError, check, given
from .bench.contending import MOCK, OURS, READERS, Site, running
from .bench.kinds import Kind, reads, registrations
from .bench.scale import queries
from .bench.wrk import drive
from .worlds import AUTH, Population, import_world

SIZE = 4000
OTHERS = [each for each in READERS if each not in (OURS, MOCK)]


@pytest.fixture(scope="module")
def population() -> Population:
    return Population(SIZE)


@pytest.fixture(scope="module")
def site(tmp_path_factory, population):
    """Create a database with a population."""
    folder = tmp_path_factory.mktemp("bench")
    import_world(folder / "world.json", f"sqlite:///{folder}/bench.db", population.lines())
    return Site(folder / "bench.db")


@pytest.fixture(scope="module")
def ours(site):
    """Start our service on it."""
    with running(OURS.command, site) as process:
        yield process


@pytest.fixture(scope="module")
def expected(ours, population):
    """Return our service's responses to each kind of request."""
    return {kind.name: given(ours.url, OURS, kind) for kind in reads(population)}


@pytest.mark.parametrize("contender", OTHERS, ids=lambda each: each.name)
def test_contenders_answer_alike(site, population, expected, contender):
    """Every other Python contender gives the status, type and JSON that our service gives, to each kind of request."""
    kinds = [kind for kind in reads(population) if kind.name not in contender.skips]
    assert len(kinds) >= 6
    with running(contender.command, site) as process:
        for kind in kinds:
            check(contender, kind, given(process.url, contender, kind), expected[kind.name])


def test_other_answers_are_reported(expected):
    """A contender that answers otherwise in anything is not measured."""
    (status, content_type, body), *rest = expected["fetch"]
    kind = Kind("fetch", reads(Population(SIZE))[0].load)
    for other in ((404, content_type, body), (status, "text/json", body), (status, content_type, body | {"x": 1})):
        with pytest.raises(DisagreementError, match="fetch"):
            check(OTHERS[0], kind, [other, *rest], expected["fetch"])


def test_each_kind_of_list_has_full_pages(ours, population):
    """Each kind of request gives as many Bindings in all services, where different sizes are compared."""
    for name, load_ in queries(population).items():
        for path in load_.paths[:: len(load_.paths) // 20 or 1]:
            answer = raw.ask(ours.url, "GET", path, [("Authorization", raw.basic(*AUTH))])
            assert answer.status == 200
            found = json.loads(answer.content).get("bindings", [None])
            assert len(found) == {"fetch": 1, "a user of two devices": 2}.get(name, 50), path


def test_an_import_and_executemany_insert_the_same(site, population, tmp_path):
    """The rows that an import is compared with are the same rows, in the same tables and indexes."""
    plain = tmp_path / "plain.db"
    assert executemany.insert(plain, population) > 0
    one, other = (_contents(path) for path in (site.database, plain))
    assert len(one["bindings"]) == SIZE
    assert one == other


def _contents(path: Path) -> dict[str, list[object]]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        tables = ("sqlite_schema", "accounts", "services", "bindings")
        columns = {"sqlite_schema": "type, name, sql"}
        return {
            table: sorted(connection.execute(f"SELECT {columns.get(table, '*')} FROM {table}"), key=repr)
            for table in tables
        }


@pytest.mark.needs("wrk")
def test_a_load_is_driven_and_judged(ours: Service, population):
    """wrk sends the given requests, and a load with unexpected responses is no result."""
    kinds = {kind.name: kind for kind in reads(population)}
    driven = drive(ours.url, kinds["fetch"].load, connections=2, seconds=1)
    assert driven.requests > 10
    assert 0 < driven.p50 <= driven.p99
    assert drive(ours.url, registrations("test"), connections=2, seconds=1).requests > 1
    with pytest.raises(RuntimeError, match="was not answered as it should be"):
        drive(ours.url, kinds["404"].load._replace(is_refused=False), connections=2, seconds=1)
