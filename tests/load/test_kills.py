"""`kill -9` in the midst of everything: a few times here, hundreds of times by `make kills`."""

from collections.abc import Iterator

import pytest

from .engines import ENGINES, Databases
from .kills import rounds
from .kills.ledger import Doubt, Known, Ledger
from .kills.rounds import CONNECTIONS, Load

pytestmark = pytest.mark.ci("kills services under load")

KILLS = 2


@pytest.fixture(scope="module", params=ENGINES)
def make(request, tmp_path_factory) -> Iterator[Databases]:
    """Makes databases without a Binding, of each engine."""
    with ENGINES[request.param](tmp_path_factory.mktemp("kills"), []) as databases:
        yield databases


def check(load: Load) -> None:
    assert load.ledger.broken == []
    assert load.written >= KILLS * CONNECTIONS
    assert load.ledger.answered["deleted"] > KILLS


def test_acknowledged_writes_survive_a_kill_of_the_service(make, unmeasured):
    """Of 64 connections' writes each that was acknowledged before `kill -9` holds after it, and none is there twice."""
    load = rounds.of_service(make(), KILLS)
    check(load)
    assert load.ledger.answered["in doubt"] > KILLS


@pytest.mark.parametrize("make", ["postgresql"], indirect=True)
def test_acknowledged_writes_survive_a_kill_of_postgresql(make, unmeasured):
    """Likewise when PostgreSQL is killed; the service reconnects by itself, and answers 503 where that takes long."""
    check(rounds.of_postgresql(make(), KILLS))


def test_a_service_that_forgets_is_found_out():
    """A ledger tells what is lost, back, there twice, changed, or half done."""
    binding = {"identity": "a", "endpoint": "1", "sid": "BS1", "date_created": "now", "credential_sid": "CR1"}
    known = Known.of(binding)

    def told(*found: dict[str, str], doubt: Doubt | None = None, gone: str = "") -> int:
        ledger = Ledger()
        if doubt is None:
            ledger.there["a"]["1"] = known
        else:
            ledger.doubts["a", "1"] = doubt
        ledger.gone |= {gone}
        ledger.settle(found)
        return len(ledger.broken)

    assert told(binding) == 0
    assert told() == 1
    assert told(binding, binding) == 1
    assert told(binding | {"credential_sid": "CR2"}) == 1
    assert told(binding | {"sid": "BS2"}) == 1
    assert told(binding, binding | {"endpoint": "2"}) == 1
    assert told(binding, gone="BS1") == 1
    again, deletion = Doubt(known, "CR2"), Doubt(known, None)
    assert told(binding, doubt=again) == told(binding | {"credential_sid": "CR2"}, doubt=again) == 0
    assert told(doubt=again) == told(binding | {"credential_sid": "CR3"}, doubt=again) == 1
    assert told(binding | {"sid": "BS2", "credential_sid": "CR2"}, doubt=again) == 1
    assert told(binding, doubt=deletion) == told(doubt=deletion) == 0
    assert told(binding | {"credential_sid": "CR2"}, doubt=deletion) == 1
    assert told(binding, doubt=Doubt(None, "CR1")) == told(doubt=Doubt(None, "CR1")) == 0
