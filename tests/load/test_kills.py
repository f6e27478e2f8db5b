"""`kill -9` in the midst of everything: a few times here, hundreds of times by `make kills`."""

from collections.abc import Iterator

import pytest

from .engines import ENGINES, Databases
from .kills import CONNECTIONS, Load, kill_postgresql, kill_service
from .ledger import Doubt, Known, Ledger

pytestmark = pytest.mark.ci("kills services under load")

KILLS = 2


@pytest.fixture(scope="module", params=ENGINES)
def make(request, tmp_path_factory) -> Iterator[Databases]:
    """Make databases without a Binding, of each engine."""
    with ENGINES[request.param](tmp_path_factory.mktemp("kills"), []) as databases:
        yield databases


def check(load: Load) -> None:
    assert load.ledger.broken == []
    assert load.written >= KILLS * CONNECTIONS
    assert load.ledger.answered["deleted"] > KILLS


def test_acknowledged_writes_survive_a_kill_of_the_service(make, unmeasured):
    """Of 64 connections' writes each that was acknowledged before `kill -9` holds after it, and none is there twice."""
    load = kill_service(make(), KILLS)
    check(load)
    assert load.ledger.answered["in doubt"] > KILLS


@pytest.mark.parametrize("make", ["postgresql"], indirect=True)
def test_acknowledged_writes_survive_a_kill_of_postgresql(make, unmeasured):
    """Likewise when PostgreSQL is killed; the service reconnects by itself, and answers 503 where that takes long."""
    check(kill_postgresql(make(), KILLS))


BINDING = {"identity": "a", "endpoint": "1", "sid": "BS1", "date_created": "now", "credential_sid": "CR1"}
KNOWN = Known.of(BINDING)
AGAIN, DELETION, FIRST = Doubt(KNOWN, "CR2"), Doubt(KNOWN, None), Doubt(None, "CR1")


@pytest.mark.parametrize(
    ("before", "found", "is_broken"),
    [
        (KNOWN, [BINDING], False),
        (KNOWN, [], True),
        (KNOWN, [BINDING, BINDING], True),
        (KNOWN, [BINDING | {"credential_sid": "CR2"}], True),
        (KNOWN, [BINDING | {"sid": "BS2"}], True),
        (KNOWN, [BINDING, BINDING | {"endpoint": "2"}], True),
        (AGAIN, [BINDING], False),
        (AGAIN, [BINDING | {"credential_sid": "CR2"}], False),
        (AGAIN, [], True),
        (AGAIN, [BINDING | {"credential_sid": "CR3"}], True),
        (AGAIN, [BINDING | {"sid": "BS2", "credential_sid": "CR2"}], True),
        (DELETION, [BINDING], False),
        (DELETION, [], False),
        (DELETION, [BINDING | {"credential_sid": "CR2"}], True),
        (FIRST, [BINDING], False),
        (FIRST, [], False),
    ],
)
def test_a_service_that_forgets_is_found_out(before: Known | Doubt, found, is_broken):
    """A ledger detects a write that is lost, there twice, changed, or half done."""
    ledger = Ledger()
    if isinstance(before, Known):
        ledger.there["a"]["1"] = before
    else:
        ledger.doubts["a", "1"] = before
    ledger.settle(found)
    assert bool(ledger.broken) == is_broken


def test_a_deleted_binding_that_is_back_is_found_out():
    """One whose deletion was acknowledged may not be there."""
    ledger = Ledger()
    ledger.there["a"]["1"] = KNOWN
    ledger.doubt(("a", "1"), None)
    ledger.delete(("a", "1"))
    ledger.settle([BINDING])
    assert "BS1 was deleted, as acknowledged, and is back" in ledger.broken
