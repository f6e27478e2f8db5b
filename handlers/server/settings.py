"""The settings of a service, with the help and range of those that are options of `serve`."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .access.proxies import Network, network
from .access.throttling import Throttling
from .faults.rules import FaultRules
from .http.authority import is_authority, split_authority
from .http.limits import Limits
from .logs import FORMATS, TEXT
from .monitoring.settings import Monitoring
from .setting import setting

DOCS = "/docs"
"""The path of the site."""

CONTROL = "/control"
"""The path of the control API and its page."""

ON_SHUTDOWN = "chat_bindings.on_shutdown"
"""The key in the state of the app of a function that a server calls before it waits for what is under way."""

LEVELS = ("debug", "info", "warning", "error")

# a path may follow the host: a proxy's prefix
_URL = re.compile(r"https?://(?P<authority>[^/]+)(?:/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*)?")


def public_url(text: str) -> str:
    """Parse the beginning of absolute URLs, without a slash at its end. Raises `ValueError` with the broken rule."""
    match = _URL.fullmatch(text)
    if not match or not is_authority(match["authority"].encode()):
        raise ValueError("is not a scheme and a host, such as https://chat.twilio.com")
    return text.rstrip("/")


def allowed_host(text: str) -> str:
    """Parse a host, a host and a port, or `*.` and a domain. Raises `ValueError` with the broken rule."""
    parts = split_authority(text.removeprefix("*.").encode())
    if (
        parts is None
        or parts[0].startswith(b".")
        or (text.startswith("*.") and (parts[1] or parts[0].startswith(b"[")))
    ):
        raise ValueError(
            "is not a host such as chat.example.com or [::1], a host and a port such as localhost:8000, "
            "or all hosts below a domain, such as *.example.com"
        )
    return text


@dataclass(frozen=True)
class Site:
    """The site under /docs."""

    folder: Path
    """An empty folder for it, shared by all workers."""

    build: Callable[[Path], object]
    """A function of a module that publishes the site into a folder."""


@dataclass(frozen=True)
class Control:
    """The control API of a service with one worker."""

    folder: Path
    """An empty folder for the counts of its faults."""

    journal: int
    """The most requests that the journal keeps."""

    token: str | None = field(default=None, repr=False)
    """The bearer token; None for access without one."""


@dataclass(frozen=True)
class Settings:
    """The settings of one service, the same for every worker."""

    database: str
    """Its address: `sqlite:///path` or `postgresql://user@host/database`, which may have a password."""

    public_url: str | None = setting(
        None,
        "Beginning of absolute URLs in responses. Default: the scheme and host of each request.",
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
        help="Serve the registration of devices, under /registration.",
        option="--registration/--no-registration",
    )
    log_level: str = setting(
        "info", "Least level of the log, on standard error. No level shows personal data or secrets.", choices=LEVELS
    )
    log_format: str = setting(TEXT, "Format of the log: lines of text, or a JSON object a line.", choices=FORMATS)

    docs: Site | None = None
    """The site under /docs; None for no site."""

    monitoring: Monitoring = field(default_factory=Monitoring)
    """Traces, and a port for health and metrics."""

    allowed_hosts: Sequence[str] = setting(
        (),
        "Host that requests may be for; others are refused. *.example.com for all below it; the host of --public-url "
        "is always allowed. Default: any. Can be repeated.",
        parse=allowed_host,
        several=True,
        option="--allowed-host",
        metavar="HOST",
    )

    limits: Limits = field(default_factory=Limits)
    """Bounds of one client's requests and connections."""

    throttling: Throttling = field(default_factory=Throttling)
    """Limits on wrong credentials and on requests, of one worker."""

    faults: FaultRules | None = None
    """The rules of fault injection; None without it."""

    control: Control | None = None
    """The control API; None without it."""
