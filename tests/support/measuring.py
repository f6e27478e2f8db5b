"""Coverage, switched off where it costs more than it shows."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_VARIABLE = "COVERAGE_PROCESS_CONFIG"
"""The environment variable by which coverage measures child processes."""


@contextmanager
def unmeasured() -> Iterator[None]:
    """Measure nothing while the context lasts: not in this process, and not in those that it starts.

    For what runs none of the package's own code, or what other tests run as well: measured it takes twice the time.
    """
    configuration = os.environ.pop(_VARIABLE, None)
    measuring = sys.modules["coverage"].Coverage.current() if "coverage" in sys.modules else None
    if measuring is not None:
        measuring.stop()
    try:
        yield
    finally:
        if measuring is not None:
            measuring.start()
        if configuration is not None:
            os.environ[_VARIABLE] = configuration
