"""Uncorrected Connexion is caught: each clause here names a default of Connexion that breaks the contract."""

import pytest

from ..servers.stock import serving_stock
from .judging import describe, verified

pytestmark = [
    pytest.mark.ci("verifies a whole server, slowly, in this process"),
    pytest.mark.usefixtures("unmeasured"),
]

FOUND_BY = {
    "AUTH-05": "a 401 has no WWW-Authenticate",
    "ERROR-02": "errors are application/problem+json",
    "ERROR-07": "and have a type and a title, which mislead the SDKs",
    "ERROR-12": "and quote the schema",
    "ERROR-15": "a 405's Allow has one operation's methods",
    "FETCH-03": "a malformed SID is a 400",
    "FILTER-13": "an array parameter is split at commas, so an identity's parts are asked for",
    "HTTP-01": "answers have no request id",
    "HTTP-04": "a preflight is a 405",
    "PAGE-24": "all bounds of PageSize have one error",
    "PAGE-25": "an integer is what Python's int() takes",
    "TENANT-05": "as FILTER-13",
    "TEXT-01": "as FILTER-13",
}
"""Clauses, and the default of Connexion that each finds."""


def test_uncorrected_connexion_is_caught(world_file, world):
    """Its defaults are found by these clauses."""
    with serving_stock(world.document) as url:
        report = verified(url, world_file, sorted(FOUND_BY))
    failed = {result.clause.id for result in report.results if result.outcome == "failed"}
    assert failed == FOUND_BY.keys(), describe(report)
