"""Tests of the wheel, the container and the documentation."""
