"""The renditions of the contract drive the same fuzz run to the same result."""

import copy

import pytest

from . import renditions

RESULT = {"operations": ["a", "b"], "checks": ["c"], "statuses": ["a 200"]}


@pytest.mark.nightly("runs Schemathesis three times: `make fuzz-renditions` does so in full size")
def test_a_small_run_comes_to_the_same_result_from_each(tmp_path, capsys):
    """10 examples an operation, from the contract as written, in OpenAPI 3.1, and without references."""
    status = renditions.main(["--examples", "10", "--report-dir", str(tmp_path)])
    assert status == 0, capsys.readouterr().out


def test_differences_between_runs_are_reported():
    """A status that only one run met is a difference, named with the file and the status."""
    other = copy.deepcopy(RESULT) | {"statuses": ["a 200", "b 404"]}
    assert renditions.differences({"x.yaml": RESULT, "y.json": RESULT}) == []
    assert renditions.differences({"x.yaml": RESULT, "y.json": other}) == [
        "y.json: statuses differ from those of x.yaml: ['b 404']"
    ]
