"""A clock that is wrong by decades breaks nothing."""

from pathlib import Path

import pytest

from ..conftest import load
from ..support.answers import check_documented
from ..support.running import Service
from .conftest import Asker, registration


@pytest.mark.needs("faketime")
@pytest.mark.parametrize("year", [1960, 2110])
def test_a_clock_before_1970_or_after_2038(tmp_path, world_file, world, year):
    """Devices register and Bindings are read and deleted whatever the year."""
    (library,) = Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")
    clock = [
        "env",
        f"LD_PRELOAD={library}",
        f"FAKETIME=@{year}-01-01 00:00:00",
    ]  # the command of that name stays between
    with Service(load(tmp_path / "clock.db", world_file), under=clock) as service:
        ask = Asker(service, world)
        made = check_documented(ask("registerBinding", body=registration(endpoint="clock")), "registerBinding")
        assert made["date_created"].startswith(str(year))
        assert check_documented(ask("fetchBinding", sid=made["sid"]), "fetchBinding") == made
        check_documented(ask("listBindings"), "listBindings")
        assert ask("deleteBinding", sid=made["sid"]).status == 204
        assert "Traceback" not in service.log
