"""The servers on other stacks: right ones keep every clause, each wrong one is caught by the clause meant for it."""

import pytest

from chat_bindings.verify.suite import clauses

from ..servers.stacks import STACKS, serving_on
from .judging import describe, servers_on, verified

pytestmark = [
    pytest.mark.ci("verifies a server on each stack, and all wrong ones in Go"),
    pytest.mark.usefixtures("unmeasured"),
]

ON = [pytest.param(stack, marks=pytest.mark.needs(tool)) for stack, tool in STACKS.items()]


@pytest.mark.parametrize("stack", ON)
def test_right(stack, world_file):
    """The right server of each stack keeps every clause, none of which is skipped; each defect names its clause."""
    with serving_on(stack, world_file) as url:
        report = verified(url, world_file)
    assert (report.verdict, describe(report)) == ("conformant", [])
    defects = servers_on(stack)
    assert len({each.name for each in defects}) == len(defects) >= 12
    assert {each.clause for each in defects} <= {clause.id for clause in clauses()}
    assert all(each.defect.endswith(".") for each in defects)


WRONG_ON = [
    pytest.param(
        stack,
        marks=[
            pytest.mark.needs(tool),
            *([pytest.mark.nightly("starts Node.js for each of some 45 servers")] if stack != "Go" else []),
        ],
    )
    for stack, tool in STACKS.items()
]


@pytest.mark.parametrize("stack", WRONG_ON)
def test_wrong(stack, world_file):
    """The clause that is meant for a defect is violated, for every defect of a stack."""
    missed = []
    for server in servers_on(stack):
        with server.serving(world_file) as url:
            report = verified(url, world_file, [server.clause])
        if [result.outcome for result in report.results] != ["failed"]:
            missed.append((server.name, describe(report)))
    assert missed == []
