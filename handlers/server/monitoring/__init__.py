"""Monitoring: health, metrics and traces."""
