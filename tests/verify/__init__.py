"""Tests of verify: its proofs, its violations, and the rules that it leaves free."""
