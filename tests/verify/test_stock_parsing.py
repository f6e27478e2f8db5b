"""Cross-check: the reference with Connexion's own parsing of parameters is caught."""

import warnings

from ..conftest import load
from .judging import told, verified

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # Connexion's own
    from .stock import serving_stock


SPLIT_AT_COMMAS = {"FILTER-13", "TEXT-01", "TEXT-10", "TEXT-16", "TEXT-21", "TENANT-05", "RACE-02"}
ODD_INTEGERS = {"PAGE-25", "PAGE-26"}
ONE_ERROR_FOR_ALL = {"FETCH-03", "FETCH-05", "LIST-13", "DELETE-09", "PAGE-24"}
BROKEN_TEXT = {"TEXT-17"}


def test_stock_parsing_is_caught(tmp_path, world_file):
    """Identities that are split at commas, and integers that are none, are found; nothing else is accused."""
    with serving_stock(load(tmp_path / "stock.db", world_file)) as url:
        report = verified(url, world_file)
    failed = {result.clause.id for result in report.results if result.outcome == "failed"}
    assert failed == SPLIT_AT_COMMAS | ODD_INTEGERS | ONE_ERROR_FOR_ALL | BROKEN_TEXT, told(report)
    assert report.verdict == "violations"
