"""The service tests that concern SQLite's files, or no database: `--engine postgresql` deselects them."""

SQLITE_ONLY = {
    "tests/server/test_answering.py": "how the server writes an answer, wherever it comes from",
    "tests/storage/test_erasure.py": "which bytes are left in SQLite's files",
    "tests/server/test_examples_true.py": "they ask the demo, which keeps its data in a temporary file",
    "tests/load/test_fault_matrix.py": "it starts both engines itself",
    "tests/server/test_concurrency.py::test_requests_without": "the lock is on SQLite's files",
    "tests/load/test_kills.py": "likewise, for kills",
    "tests/server/monitoring/test_metrics.py::test_writes_that_share_a_commit": "writes share commits on SQLite",
    "tests/server/test_lifecycle.py::test_the_demo": "the demo keeps its data in a temporary file",
    "tests/server/test_lifecycle.py::test_a_worker_starts": "SQLite's files are moved aside",
    "tests/server/test_lifecycle.py::test_workers_that_begin_and_end_at_the_same_moment": "locks of SQLite's files",
}
"""Modules, and beginnings of tests, with their subject."""


def on_any_engine(test: str) -> bool:
    """Tell whether a test, given by its id, holds for any engine."""
    return not any(test.startswith(each) for each in SQLITE_ONLY)
