"""Fault injection: `serve --faults`."""
