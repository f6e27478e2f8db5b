"""A clock that is wrong by decades breaks nothing."""

from pathlib import Path

import pytest

from ..support.answers import check_documented
from .conftest import Asker, registration


@pytest.mark.needs("faketime")
@pytest.mark.parametrize("year", [1960, 2110])
def test_a_clock_before_1970_or_after_2038(serve, world, year):
    """Devices register and Bindings are read and deleted whatever the year."""
    (library,) = Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")
    clock = ["env", f"LD_PRELOAD={library}", f"FAKETIME=@{year}-01-01 00:00:00"]  # `faketime` would stay between
    ask = Asker(serve(under=clock), world)
    made = check_documented(ask("registerBinding", body=registration(endpoint="clock")), "registerBinding")
    assert made["date_created"].startswith(str(year))
    assert check_documented(ask("fetchBinding", sid=made["sid"]), "fetchBinding") == made
    check_documented(ask("listBindings"), "listBindings")
    assert ask("deleteBinding", sid=made["sid"]).status == 204
