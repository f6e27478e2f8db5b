"""The settings of a service, with the help and the rule of each that is an option of `serve`."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

from .access.throttling import Throttling
from .faults.rules import FaultRules
from .http.limits import Limits
from .http.listening import HIGHEST_PORT
from .logs import FORMATS, TEXT
from .monitoring.settings import Monitoring
from .setting import setting

Network = IPv4Network | IPv6Network

DOCS = "/docs"
"""The path of the site."""

CONTROL = "/control"
"""The path of the control API and its page."""

LEVELS = ("debug", "info", "warning", "error")

# a path may follow the host: that of a proxy which puts the service under a prefix
_URL = re.compile(
    r"https?://(?:[A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{1,5}))?"
    r"(?:/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*)?"
)
_HOST = re.compile(r"(?:\*\.)?(?:[A-Za-z0-9_~-][A-Za-z0-9._~-]*|\[[0-9A-Fa-f:.]+\])(?P<port>:[0-9]{1,5})?")


def public_url(text: str) -> str:
    """The beginning of absolute URLs, without a slash at its end."""
    match = _URL.fullmatch(text)
    if not match or int(match["port"] or 0) > HIGHEST_PORT:
        raise ValueError("is not a scheme and a host, such as https://chat.twilio.com")
    return text.rstrip("/")


def network(text: str) -> Network:
    """An IP address, or a network of them."""
    try:
        return ip_network(text)
    except ValueError as error:
        if "host bits" in str(error):
            raise ValueError(f"has host bits set: write the network as {ip_network(text, strict=False)}") from None
        raise ValueError("is not an IP address, or a network such as 10.0.0.0/8") from None


def allowed_host(text: str) -> str:
    """A host, a host and a port, or `*.` and a domain."""
    match = _HOST.fullmatch(text)
    if not match or (text.startswith("*.") and match["port"]):
        raise ValueError(
            "is not a host such as chat.example.com or [::1], a host and a port such as localhost:8000, "
            "or all hosts below a domain, such as *.example.com"
        )
    return text


@dataclass(frozen=True)
class Site:
    """The site under /docs, and where it comes from."""

    folder: Path
    """An empty folder for it, which all workers share."""

    build: Callable[[Path], object]
    """A function of a module that publishes the site into a folder."""


@dataclass(frozen=True)
class Control:
    """The control API of a service with one worker."""

    folder: Path
    """An empty folder for a copy of the database."""

    journal: int
    """The most requests that the journal keeps."""

    token: str | None = field(default=None, repr=False)
    """The bearer token; None where none is required."""


@dataclass(frozen=True)
class Settings:
    """The settings of one service; every worker has the same."""

    database: str
    """Its address: `sqlite:///path` or `postgresql://user@host/database`; it may hold a password."""

    public_url: str | None = setting(
        None,
        "What absolute URLs in answers begin with. Default: the scheme and host of each request.",
        parse=public_url,
        metavar="URL",
    )
    trusted_proxies: Sequence[Network] = setting(
        (),
        "Address or network whose X-Forwarded-Proto, -Host, -Prefix and -For count. Can be repeated.",
        parse=network,
        several=True,
        option="--trusted-proxy",
        metavar="NETWORK",
    )
    registration: bool = setting(
        default=True,
        help="Whether devices can register, under /registration.",
        option="--registration/--no-registration",
    )
    log_level: str = setting(
        "info", "What is logged, to standard error. No level shows personal data or secrets.", choices=LEVELS
    )
    log_format: str = setting(TEXT, "How: lines of text, or a JSON object a line.", choices=FORMATS)

    docs: Site | None = None
    """The site under /docs; None for no site."""

    monitoring: Monitoring = field(default_factory=Monitoring)
    """How it is monitored."""

    allowed_hosts: Sequence[str] = setting(
        (),
        "Host that requests may be for; others are refused. *.example.com for all below it; the host of --public-url "
        "is allowed by itself. Default: any. Can be repeated.",
        parse=allowed_host,
        several=True,
        option="--allowed-host",
        metavar="HOST",
    )

    limits: Limits = field(default_factory=Limits)
    """What one client may take of a worker."""

    throttling: Throttling = field(default_factory=Throttling)
    """How often one may guess, and how often ask, in one worker."""

    faults: FaultRules | None = None
    """Whether requests can be made to fail, and which are; None for none."""

    control: Control | None = None
    """The control API; None for none."""
