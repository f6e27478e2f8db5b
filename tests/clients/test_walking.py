"""Walks through lists in the SDKs."""

import pytest

from .machine import Machine

SIZES = {"7": 7, "50": 50, "default": 50}


@pytest.fixture
def sids(machine: Machine):
    """Return the SIDs of a walk, in the reference's order."""
    return sorted(binding["sid"] for binding in machine.world.full["bindings"])


def pages_of(sids, size):
    return [sids[start : start + size] for start in range(0, len(sids), size)]


def test_libraries(library, machine: Machine, sids):
    """A list is whole at once, page by page forwards, and page by page back, with every page size."""
    walks = machine.program(library, "walk", machine.world.full["sid"], *SIZES)
    assert len(walks) == len(SIZES)
    for walk, size in zip(walks, SIZES.values(), strict=True):
        pages = pages_of(sids, size)
        assert walk == {"listed": sids, "forwards": pages, "back": pages[-2::-1]}


def test_libraries_end_where_a_page_ends(library, machine: Machine):
    """A service of exactly two full pages has no third, and an empty one has one page without anything before it."""
    [hundred] = machine.program(library, "walk", machine.world.hundred["sid"], "50")
    assert [len(page) for page in hundred["forwards"] + hundred["back"]] == [50, 50, 50]
    [empty] = machine.program(library, "walk", machine.world.empty["sid"], "50")
    assert empty == {"listed": [], "forwards": [[]], "back": []}


@pytest.mark.needs("twilio-cli")
@pytest.mark.parametrize("flags", [("--page-size=7",), ()], ids=["7", "default"])
def test_cli(flags, machine: Machine, sids):
    """twilio-cli lists the whole service, with every page size."""
    listed = machine.cli_json("list", machine.world.full["sid"], "--no-limit", *flags)
    assert [binding["sid"] for binding in listed] == sids
