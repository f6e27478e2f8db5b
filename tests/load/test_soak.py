"""`make soak` finds what grows."""

import pytest

from .soak import HANDLES, LOG, MEMORY, P99, THREADS, Window, judge, main

FLAT = Window(1000, 1.0, 5.0, 70.0, 140, 3, 4.0)


def windows(**rising: float) -> list[Window]:
    """Return a soak of twenty windows in which some figures rise evenly: by so much from the first to the last."""
    return [FLAT._replace(**{name: getattr(FLAT, name) + rise * number / 19 for name, rise in rising.items()})
            for number in range(20)]  # fmt: skip


def test_steady_measurements_pass():
    """Flat figures hold, and so does what happens while it warms up."""
    assert judge(windows()) == []
    assert judge([FLAT._replace(memory_mb=500.0, p99_ms=900.0)] * 3 + windows()[3:]) == []


@pytest.mark.parametrize(("bound", "rise"), [(MEMORY, 20), (HANDLES, 20), (THREADS, 10), (LOG, 50), (P99, 20)])
def test_growth_is_reported(bound, rise):
    """A figure that rises all the time is reported by its name, and no other."""
    (problem,) = judge(windows(**{bound.field: rise}))
    assert problem.startswith(f"{bound.name} went from ")


@pytest.mark.ci("soaks for a minute")
@pytest.mark.usefixtures("unmeasured")
def test_a_short_soak_holds(capsys):
    """A minute at a low rate: no request fails and nothing grows; others use the machine too, so p99 is not judged."""
    assert main(["--minutes", "1", "--rate", "100", "--no-p99"]) == 0, capsys.readouterr().out
