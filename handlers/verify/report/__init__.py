"""Reports of a run: terminal, JSON, JUnit, HTML."""
