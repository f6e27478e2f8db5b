"""Tests of logs, health, metrics and traces."""
