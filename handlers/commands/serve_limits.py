"""The options of `serve` that bound what one client may take: none of them has to be touched."""

import click

from ..service.limits import Limits
from .options import option, option_group

_BYTES = click.IntRange(16_384, 1 << 30)
_COUNT = click.IntRange(1, 1 << 20)
_SECONDS = click.IntRange(1, 86_400)

limits_options = option_group(
    "limits",
    Limits,
    option(
        "--max-head",
        type=_BYTES,
        default=Limits.max_head,
        show_default=True,
        help="Bytes that a request line and its headers may have.",
    ),
    option(
        "--max-headers",
        type=_COUNT,
        default=Limits.max_headers,
        show_default=True,
        help="Headers that a request may have.",
    ),
    option(
        "--max-body",
        type=_BYTES,
        default=Limits.max_body,
        show_default=True,
        help="Bytes that the body of a registration may have.",
    ),
    option(
        "--max-connections",
        type=_COUNT,
        default=Limits.max_connections,
        show_default=True,
        help="Connections that a worker may have; on one more, requests are answered 429.",
    ),
    option(
        "--head-timeout",
        type=_SECONDS,
        default=Limits.head_timeout,
        show_default=True,
        help="Seconds that a request line and its headers may take to arrive.",
    ),
    option(
        "--body-timeout",
        type=_SECONDS,
        default=Limits.body_timeout,
        show_default=True,
        help="Seconds that a body may take to arrive.",
    ),
    option(
        "--response-timeout",
        type=_SECONDS,
        default=Limits.response_timeout,
        show_default=True,
        help="Seconds that a client may take to read a response.",
    ),
    option(
        "--idle-timeout",
        type=_SECONDS,
        default=Limits.idle_timeout,
        show_default=True,
        help="Seconds for which a connection is kept between two requests.",
    ),
)
