"""The command `serve`: its options, and the preparation of the server."""
