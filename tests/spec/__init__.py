"""The contract beside the last released one: what changed, and whether the version says so."""
