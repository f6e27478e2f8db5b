"""Servers with one defect each."""
