"""What can be set of a service."""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

from .fault_rules import FaultRules

Network = IPv4Network | IPv6Network

DOCS = "/docs"
"""The path of the site."""


@dataclass(frozen=True)
class Settings:
    """The settings of one service; every worker has the same."""

    database: str
    """Its address: `sqlite:///path`."""

    public_url: str | None = None
    """What absolute URLs begin with; None for the scheme and host of each request."""

    trusted_proxies: Sequence[Network] = ()
    """The peers whose forwarded headers count."""

    registration: bool = True
    """Whether devices can register."""

    log_level: str = "info"
    """What is logged: `debug`, `info`, `warning` or `error`."""

    docs: Path | None = None
    """A folder for the site under /docs; None for no site."""

    faults: FaultRules | None = None
    """Whether requests can be made to fail, and which are; None for none."""
