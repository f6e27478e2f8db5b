"""The three samples of Twilio's page, SIDs and credentials filled in: Node as written there, the others likewise."""

import re

import pytest

from .machine import Machine

SID = re.compile(r"\bBS[0-9a-f]{32}\b")
TOOLS = ["twilio-python", "twilio-node", "twilio-cli", "curl"]


@pytest.mark.parametrize("tool", [pytest.param(tool, marks=pytest.mark.needs(tool)) for tool in TOOLS])
def test_samples(tool, machine: Machine):
    """Whichever way is taken, the first fetches, the second lists 20 and the third deletes, with no error."""
    service = machine.world.full
    sids = sorted(binding["sid"] for binding in service["bindings"])
    own = sids[-1 - TOOLS.index(tool)]  # one for each tool, far from the first 20

    def printed(name):
        ended = machine.sample(tool, name, service["sid"], own)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    assert set(SID.findall(printed("fetch"))) == {own}
    assert list(dict.fromkeys(SID.findall(printed("list")))) == sids[:20]
    assert printed("delete") == ""

    again = machine.sample(tool, "fetch", service["sid"], own)
    assert f"/Bindings/{own} was not found" in again.stdout + again.stderr
