"""Tests of both storage engines, and of the commands on databases."""
