"""`kill -9` in the midst of writes: three times here, a hundred times by `make kills`."""

from ..load.kills import CONNECTIONS, survive

ROUNDS = 3


def test_what_was_acknowledged_survives_kill_9(tmp_path):
    """Of 64 connections' registrations and deletes each that was acknowledged before `kill -9` holds after it."""
    ledger = survive(tmp_path, ROUNDS)
    assert ledger.broken == []
    assert ledger.registered >= ROUNDS * CONNECTIONS
    assert len(ledger.gone) > ROUNDS
    assert ledger.unanswered > ROUNDS
