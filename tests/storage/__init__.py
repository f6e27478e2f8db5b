"""Tests of both storage engines, and of what commands do to databases."""
