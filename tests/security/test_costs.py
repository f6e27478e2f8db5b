"""Refusals cost little, whatever the shape of the request: one client's request delays all others."""

import json
import time

import pytest

from ..load.bench.hostile import SHAPES, seconds
from ..load.worlds import Population, import_world
from ..support.running import Service

_BASE = b"[" + b"[]," * 349_000 + b"[]]"
"""A megabyte that Python's own parser reads at the moment of the measurement: some 50 ms on a quiet machine."""


def parsing() -> float:
    """Measure how long the parser takes."""
    began = time.perf_counter()
    json.loads(_BASE)
    return time.perf_counter() - began


pytestmark = [
    pytest.mark.ci("measures twenty hostile bodies: 20 seconds of CPU"),
    pytest.mark.usefixtures("unmeasured"),
]


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    """Start a service with the world of the bench: without accounts it would refuse all by 401."""
    folder = tmp_path_factory.mktemp("costs")
    import_world(folder / "world.json", f"sqlite:///{folder}/costs.db", Population(10).lines())
    with Service(folder / "costs.db") as running:
        yield running
        assert "internal error" not in running.log


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_a_refusal_costs_little(guarded, shape):
    """It takes no longer than reading a megabyte of JSON twice at that moment; one such body took ten seconds once."""
    assert any(seconds(guarded.url, shape) < 2 * parsing() for _ in range(10))
