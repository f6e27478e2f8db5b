"""What can be set of a service."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

from .fault_rules import FaultRules
from .limits import Limits
from .monitoring import Monitoring
from .throttling import Throttling

Network = IPv4Network | IPv6Network

DOCS = "/docs"
"""The path of the site."""


@dataclass(frozen=True)
class Site:
    """The site under /docs, and where it comes from."""

    folder: Path
    """An empty folder for it, which all workers share."""

    build: Callable[[Path], object]
    """A function of a module that publishes the site into a folder."""


@dataclass(frozen=True)
class Settings:
    """The settings of one service; every worker has the same."""

    database: str
    """Its address: `sqlite:///path` or `postgresql://user@host/database`; it may hold a password."""

    public_url: str | None = None
    """What absolute URLs begin with; None for the scheme and host of each request."""

    trusted_proxies: Sequence[Network] = ()
    """The peers whose forwarded headers count."""

    registration: bool = True
    """Whether devices can register."""

    log_level: str = "info"
    """What is logged: `debug`, `info`, `warning` or `error`."""

    log_format: str = "text"
    """How: `text`, or `json` for an object a line."""

    docs: Site | None = None
    """The site under /docs; None for no site."""

    monitoring: Monitoring = field(default_factory=Monitoring)
    """How it is monitored."""

    allowed_hosts: Sequence[str] = ()
    """The hosts that requests may be for, `*.` before one for all below it; none for any."""

    limits: Limits = field(default_factory=Limits)
    """What one client may take of a worker."""

    throttling: Throttling = field(default_factory=Throttling)
    """How often one may guess, and how often ask, in one worker."""

    faults: FaultRules | None = None
    """Whether requests can be made to fail, and which are; None for none."""
