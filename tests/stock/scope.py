"""Which of the service tests run on Connexion's own stages: all but those of what no stage decides."""

from pathlib import Path

COMPILED_ONLY = {
    "test_answering.py": "how the server writes what any stage sends",
    "test_backups.py": "what commands write: the storage",
    "test_concurrency.py": "what happens at the same time, in several workers: the storage and the processes",
    "test_docs.py": "the site beside the API, which is no operation's",
    "test_erasure.py": "what is left on the disk: the storage",
    "test_examples_true.py": "the examples of what is published: they ask the demo, which is a command's",
    "test_fault_injection.py": "a stage that Connexion has nothing of, and connections that are closed: the server",
    "test_fault_matrix.py": "what the database and the disk do to us: the storage",
    "test_kills.py": "what stands on the disk after `kill -9`: the storage",
    "test_lifecycle.py": "the command line, processes and signals: the server",
    "test_logs.py": "what stands in our log: Connexion writes one of its own",
    "test_logs_json.py": "likewise",
    "test_metrics.py": "what is counted: a stage of ours before all others",
    "test_monitoring.py": "another port, which no stage answers on",
    "test_tracing.py": "what is traced: a stage of ours before all others",
    "test_units.py": "what systemd would run: a command",
    "test_verify_fuzz.py": "a command, and servers of the tests",
    "test_wire.py": "what is no HTTP: the server refuses it before any stage",
}
"""Modules of tests/service that `--stages stock` leaves out, and what they are about."""


def on_both(path: Path) -> bool:
    """Whether the tests of a module run on either composition."""
    return path.parent.name == "service" and path.name not in COMPILED_ONLY
