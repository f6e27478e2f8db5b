"""Servers that are right but different pass a strict run: what a server may choose is never a violation.

Choices that can stand beside each other are made by one server. `make wrong-servers` verifies each by itself.
"""

import pytest

from ..servers import different as choices
from ..servers.catalogue import different
from ..servers.http import serving
from ..servers.right import Right
from .judging import describe, verified

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("unmeasured")]

TOGETHER = [
    [
        choices.NewestFirst, choices.UnderAPrefix, choices.ExtraFields, choices.BrokenTextMatchesNothing,
        choices.RoutesBeforeItAsks, choices.FirstOfAScalar, choices.TenValues, choices.EncodesAllButLettersAndDigits,
        choices.UpperCaseRequestIds, choices.ReadsIntegersAsPython, choices.AllowsTrace, choices.MoreLinks,
    ],
    [
        choices.AsksBeforeItRoutes, choices.Lenient, choices.OrderedByAHash, choices.OnAPublicHost,
        choices.PrettyPrinted, choices.BrokenTextIs404, choices.EncodesAsJavaScript, choices.CoercesIntegers,
        choices.BoundTokens,
    ],
    [
        choices.RowNumbersForTokens, choices.BehindAGateway, choices.LowerCaseEscapes,
        choices.KeepsWhatASegmentMayHave, choices.DecodesUnicodeEscapes, choices.BrokenEscapesStay,
        choices.BehindAFirewall,
    ],
]  # fmt: skip


@pytest.mark.parametrize(
    "servers",
    [[Right], *(pytest.param(each, marks=pytest.mark.ci("whole runs take seconds each")) for each in TOGETHER)],
    ids=["right", *"123"],
)
def test_different(servers, world_file, world):
    """Every clause is passed, none skipped."""
    with serving(type("Different", tuple(servers), {})(world.document)) as url:
        report = verified(url, world_file)
    assert (report.verdict, describe(report)) == ("conformant", [])


def test_all_choices_are_made():
    """No server that is right but different is left out."""
    here = {server for server in different() if server.__module__ == choices.__name__}
    assert {server for servers in TOGETHER for server in servers} == here
