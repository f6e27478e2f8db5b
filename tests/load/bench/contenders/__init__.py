"""The contenders of the benchmark, each an ASGI app on the same database, server, loop and parser."""
