"""Which of the service tests are about SQLite's files, or about no database: `--engine postgresql` leaves them out."""

SQLITE_ONLY = {
    "tests/service/test_answering.py": "how the server writes an answer, wherever it comes from",
    "tests/service/test_erasure.py": "which bytes are left in SQLite's files",
    "tests/service/test_examples_true.py": "they ask the demo, which keeps its data in a temporary file",
    "tests/service/test_fault_matrix.py": "it starts both engines itself",
    "tests/service/test_faults.py": "locks and damage of SQLite's files; PostgreSQL's faults are `make faults`",
    "tests/service/test_kills.py": "likewise, for kills",
    "tests/service/test_metrics.py::test_writes_that_share_a_commit": "writes share commits on SQLite",
    "tests/service/test_lifecycle.py::test_a_demo": "the demo keeps its data in a temporary file",
    "tests/service/test_lifecycle.py::test_workers_that_begin_and_end_at_the_same_moment": "locks of SQLite's files",
}
"""Modules, and beginnings of tests, with what they are about."""


def on_any_engine(test: str) -> bool:
    """Whether a test, given by its id, holds for any engine."""
    return not any(test.startswith(each) for each in SQLITE_ONLY)
