"""Throttling: the limits on wrong credentials and on requests."""

from dataclasses import astuple, dataclass

from ..setting import setting


@dataclass(frozen=True)
class Throttling:
    """The limits of one service: each is a burst and the rate that follows; 0 is no limit."""

    # twice that of an address: no single address can lock an account's other clients out
    guesses_per_account: int = setting(
        1200,
        "Wrong credentials a minute for one account or key, but not from an address where it was right within a day. "
        "Keep it above the limit of an address, so that no single address can keep all others out. 0: no limit.",
    )
    guesses_per_address: int = setting(
        600,
        "Wrong credentials a minute that one address (of IPv6, one /64) may send before it gets 429. Behind a "
        "--trusted-proxy, X-Forwarded-For tells addresses apart. 0: no limit.",
    )
    rate_limit: int = setting(
        0,
        "Requests a second that one account may make, its keys' included, before it gets 429. Each of several "
        "--workers counts by itself, with its share of every limit.",
        shown_default="no limit",
    )

    def among(self, workers: int) -> "Throttling":
        """Divide the limits among workers, rounded up: each counts by itself."""
        return Throttling(*(-(-limit // workers) for limit in astuple(self)))
