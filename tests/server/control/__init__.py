"""Tests of `serve --control`."""
