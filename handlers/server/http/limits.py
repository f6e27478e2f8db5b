"""Limits of one client: bytes, connections and seconds. Each is an option of `serve`; the defaults suit most."""

from dataclasses import dataclass
from functools import partial

from ..setting import setting

_bytes = partial(setting, minimum=16_384, maximum=1 << 30)
_count = partial(setting, minimum=1, maximum=1 << 20)
_seconds = partial(setting, minimum=1, maximum=86_400)


@dataclass(frozen=True)
class Limits:
    """Bounds of each request and connection. Beyond them an error names the bound."""

    # the longest URL that the contract allows takes half of it
    max_head: int = _bytes(131_072, "Bytes that a request line and its headers may have.")
    max_headers: int = _count(200, "Headers that a request may have.")
    # the bodies that the contract has a server ignore have no bound
    max_body: int = _bytes(1_048_576, "Bytes that the body of a registration may have.")
    max_connections: int = _count(4096, "Connections that a worker may have; on one more, requests are answered 429.")
    head_timeout: int = _seconds(20, "Seconds that a request line and its headers may take to arrive.")
    body_timeout: int = _seconds(60, "Seconds that a body may take to arrive.")
    response_timeout: int = _seconds(60, "Seconds that a client may take to read a response.")
    # longer than most proxies keep theirs
    idle_timeout: int = _seconds(75, "Seconds for which a connection is kept between two requests.")
