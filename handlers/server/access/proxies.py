"""Trusted proxies, and peers: the address or network that a request is counted under."""

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from starlette.types import Scope

Network = IPv4Network | IPv6Network

_ONE_PEER = 64
"""The prefix length of an IPv6 network that is assigned as a whole: one client has all of its addresses."""

_CACHED = 1024
"""Addresses of sockets that are cached with their networks."""

_LONGEST_CHAIN = 100
"""Addresses of `X-Forwarded-For` that are read, from the right: no request passes more proxies."""


def network(text: str) -> Network:
    """Parse an IP address or network. Raises `ValueError` with the broken rule."""
    try:
        return ip_network(text)
    except ValueError as error:
        if "host bits" in str(error):
            raise ValueError(f"has host bits set: write the network as {ip_network(text, strict=False)}") from None
        raise ValueError("is not an IP address, or a network such as 10.0.0.0/8") from None


class TrustedProxies:
    """The networks of the proxies whose `X-Forwarded-*` headers count."""

    def __init__(self, networks: Sequence[Network]) -> None:
        self._networks = tuple(networks)

    def __bool__(self) -> bool:
        return bool(self._networks)

    def __contains__(self, address: str) -> bool:
        peer = _parse(address)
        return peer is not None and any(peer in network for network in self._networks)


class Peers:
    """Identifies peers by address: the socket's, or one that trusted proxies wrote into `X-Forwarded-For`.

    Each proxy appends the address of its client. From the right, the first address that is no trusted proxy's is the
    peer's; any client can write those left of it.
    """

    def __init__(self, trusted: TrustedProxies) -> None:
        self._trusted = trusted
        self._is_direct = not trusted

    def of(self, scope: Scope) -> str:
        """Return the peer of a request: an IPv4 address or an IPv6 network; the same one for all Unix sockets."""
        client = scope["client"]
        address: str = client[0] if client else ""
        if self._is_direct:
            return peer_network(address)
        entries = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
        chain = b",".join(entries).decode("latin-1").rsplit(",", _LONGEST_CHAIN)[-_LONGEST_CHAIN:]
        while address in self._trusted and chain and (before := _address(chain.pop().strip())):
            address = before
        return _network(address)


def _network(address: str) -> str:
    """Return the peer of an address: itself, or its network for IPv6."""
    peer = _parse(address)
    return str(ip_network((peer, _ONE_PEER), strict=False)) if isinstance(peer, IPv6Address) else str(peer or address)


peer_network = lru_cache(_CACHED)(_network)
"""The same, cached, for the address of a socket: clients cannot choose that freely, as they can a header."""


def _address(text: str) -> str:
    """Parse the address in an entry of `X-Forwarded-For`, to which some proxies add the port; empty for none."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    return str(_parse(text) or "")


def _parse(address: str) -> IPv4Address | IPv6Address | None:
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return None
    return (parsed.ipv4_mapped or parsed) if isinstance(parsed, IPv6Address) else parsed
