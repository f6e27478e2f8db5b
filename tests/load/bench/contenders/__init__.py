"""What the service is compared with, each an ASGI app on the same database, server, loop and parser."""
