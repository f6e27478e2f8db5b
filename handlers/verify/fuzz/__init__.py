"""Fuzzing: Schemathesis against the target."""
