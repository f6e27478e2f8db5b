"""The tools that `tests.servers.compare` compares, each run as its users run it."""
