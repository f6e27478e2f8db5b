"""That `make soak` finds what grows."""

import pytest

from .soak.__main__ import main
from .soak.windows import BOUNDS, HANDLES, LOG, MEMORY, P99, THREADS, Window, judged

FLAT = Window(10.0, 1000, 0, 1.0, 5.0, 20.0, 70.0, 140, 3, 4.0)


def windows(**rising: float) -> list[Window]:
    """A soak of twenty windows in which some figures rise evenly: by so much from the first to the last."""
    return [FLAT._replace(**{name: getattr(FLAT, name) + rise * number / 19 for name, rise in rising.items()})
            for number in range(20)]  # fmt: skip


def test_steady_measurements_pass():
    """Flat figures hold, and so does what happens while it warms up."""
    assert judged(windows(), BOUNDS) == []
    assert judged([FLAT._replace(memory_mb=500.0, p99_ms=900.0)] * 3 + windows()[3:], BOUNDS) == []


@pytest.mark.parametrize(
    ("name", "rise", "bound"),
    [
        ("memory_mb", 20, MEMORY),
        ("handles", 20, HANDLES),
        ("threads", 10, THREADS),
        ("log_mb", 50, LOG),
        ("p99_ms", 20, P99),
    ],
)
def test_growth_is_reported(name, rise, bound):
    """A figure that rises all the time is reported by its name, and no other."""
    (problem,) = judged(windows(**{name: rise}), BOUNDS)
    assert problem.startswith(f"{bound.name} went from ")


def test_an_error_is_told():
    """One request that failed is enough."""
    assert judged([*windows(), FLAT._replace(errors=1)], BOUNDS) == ["1 errors"]


@pytest.mark.ci("soaks for a minute")
@pytest.mark.usefixtures("unmeasured")
def test_a_short_soak_holds(tmp_path, capsys):
    """A minute at a low rate: no request fails and nothing grows; others use the machine too, so p99 is not judged."""
    options = ["--minutes", "1", "--rate", "100", "--no-p99", "--output", str(tmp_path / "soak.json")]
    assert main(options) == 0, capsys.readouterr().out
