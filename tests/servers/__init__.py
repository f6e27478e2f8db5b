"""Servers to verify: right ones, and wrong ones with one defect each."""
