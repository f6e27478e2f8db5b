"""The renditions of the contract drive the same fuzz run to the same result."""

import copy

from . import renditions

RESULT = {"operations": ["a", "b"], "checks": ["c"], "statuses": ["a 200"]}


def test_differences_between_runs_are_reported():
    """A status that only one run met is a difference, named with the file and the status."""
    other = copy.deepcopy(RESULT) | {"statuses": ["a 200", "b 404"]}
    assert renditions.differences({"x.yaml": RESULT, "y.json": RESULT}) == []
    assert renditions.differences({"x.yaml": RESULT, "y.json": other}) == [
        "y.json: statuses differ from those of x.yaml: ['b 404']"
    ]
