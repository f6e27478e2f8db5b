"""What can be set of throttling: how often one may guess, and how often ask."""

from dataclasses import astuple, dataclass


@dataclass(frozen=True)
class Throttling:
    """The limits of one service. So much is let through at once, and from then on so much in that time; 0: no limit."""

    guesses_per_account: int = 1200
    """Wrong credentials a minute for one user name, from all addresses where it was not right lately.

    Twice that of an address: no single address closes an account to those who were not right lately.
    """

    guesses_per_address: int = 600
    """Wrong credentials a minute from one address."""

    rate_limit: int = 0
    """Requests a second of one account."""

    def among(self, workers: int) -> "Throttling":
        """The share of each of several workers, rounded up: they count by themselves."""
        return Throttling(*(-(-limit // workers) for limit in astuple(self)))
