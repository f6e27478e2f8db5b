"""Shared parts of the tests: the real service as a process, and its world."""
