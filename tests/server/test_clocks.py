"""A clock that is wrong by decades breaks nothing."""

import pytest

from ..conftest import load
from ..support.answers import check_documented
from ..support.running import Service
from .conftest import Asker, registration


@pytest.mark.needs("faketime")
@pytest.mark.parametrize("year", [1960, 2040, 2110])
def test_a_clock_before_1970_or_after_2038(tmp_path, world_file, world, year):
    """Devices register and Bindings are read and deleted whatever the year."""
    with Service(load(tmp_path / "clock.db", world_file), under=["faketime", f"{year}-01-01"]) as service:
        ask = Asker(service, world)
        made = check_documented(ask("registerBinding", body=registration(endpoint="clock")), "registerBinding")
        assert made["date_created"].startswith(str(year))
        assert check_documented(ask("fetchBinding", sid=made["sid"]), "fetchBinding") == made
        check_documented(ask("listBindings"), "listBindings")
        assert ask("deleteBinding", sid=made["sid"]).status == 204
        assert "Traceback" not in service.log
