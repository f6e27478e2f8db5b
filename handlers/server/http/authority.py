"""Authorities (RFC 3986, 3.2): a host, or a host and a port."""

import re
from ipaddress import IPv6Address

HIGHEST_PORT = 65_535

_LONGEST = 255
"""Characters of a host."""

# a registered name without sub-delimiters (which no host on the Internet has), or an IP literal, and a port
_AUTHORITY = re.compile(rb"(?P<name>[A-Za-z0-9._~-]+|\[(?P<v6>[0-9A-Fa-f:.]+)\])(?::(?P<port>[0-9]{1,5}))?")


def split_authority(value: bytes) -> tuple[bytes, bytes | None] | None:
    """Split a host from its port, None without one; None for a value that is no authority."""
    match = _AUTHORITY.fullmatch(value) if len(value) <= _LONGEST else None
    if not match or int(match["port"] or 0) > HIGHEST_PORT:
        return None
    if match["v6"] is not None:
        try:
            IPv6Address(match["v6"].decode())
        except ValueError:
            return None
    return match["name"], match["port"]


def is_authority(value: bytes) -> bool:
    """Return whether a value is a host, or a host and a port."""
    return split_authority(value) is not None
