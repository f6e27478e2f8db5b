"""What one client may take of a worker: how much it may send, and how long it may be about it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Bounds of each request and of each connection. What they do not allow is refused with an error that says so."""

    max_head: int = 131_072
    """Bytes of a request line and its headers. The longest URL that the contract allows takes half of them."""

    max_headers: int = 200
    """Headers of a request."""

    max_body: int = 1_048_576
    """Bytes of a body that is read. Where the contract says that a body changes nothing, it has no bound."""

    max_connections: int = 4096
    """Connections of a worker. A request on one more is answered that there are too many."""

    head_timeout: int = 20
    """Seconds that a request line and its headers may take to arrive."""

    body_timeout: int = 60
    """Seconds that a body may take to arrive."""

    response_timeout: int = 60
    """Seconds that a client may take to read a response."""

    idle_timeout: int = 75
    """Seconds for which a connection is kept between two requests: longer than most proxies keep theirs."""
