"""verify: what it proves, what it disproves, and what it leaves alone."""
