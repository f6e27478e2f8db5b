"""The command `serve`: its options, and what it prepares for the server."""
