"""Readiness of the target: the check before a run, and the causes of its failure."""
