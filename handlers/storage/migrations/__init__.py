"""Numbered SQL files, applied in order; a released file never changes."""
