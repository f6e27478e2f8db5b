"""Options of `chat-bindings serve`: how often one may guess, and how often ask."""

import click

from ..service.throttling import Throttling
from .options import option, option_group

throttling_options = option_group(
    "throttling",
    Throttling,
    option(
        "--guesses-per-address",
        type=click.IntRange(0),
        default=Throttling.guesses_per_address,
        show_default=True,
        help="Wrong credentials a minute that one address (of IPv6, one /64) may send before it gets 429. Behind a "
        "--trusted-proxy, X-Forwarded-For tells addresses apart. 0: no limit.",
    ),
    option(
        "--guesses-per-account",
        type=click.IntRange(0),
        default=Throttling.guesses_per_account,
        show_default=True,
        help="The same for one account or key, but not from an address where it was right within a day. Keep it above "
        "the other, so that no single address can keep all others out. 0: no limit.",
    ),
    option(
        "--rate-limit",
        type=click.IntRange(0),
        default=Throttling.rate_limit,
        show_default="no limit",
        help="Requests a second that one account may make, its keys' included, before it gets 429. Each of several "
        "--workers counts by itself, with its share of every limit.",
    ),
)
"""The options of throttling, as the argument `throttling`."""
