"""Proxies and peers: the addresses whose word counts, and the network that a request is counted under."""

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from starlette.types import Scope

Network = IPv4Network | IPv6Network

_ONE_PEER = 64
"""The prefix of an IPv6 network that is handed out as a whole: who has one has all of its addresses."""

_REMEMBERED = 1024
"""How many addresses of sockets are kept with their networks."""

_LONGEST_CHAIN = 100
"""How many addresses of `X-Forwarded-For` are read, from the right: no request passes more proxies."""


def network(text: str) -> Network:
    """Parse an IP address, or a network of them."""
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
    """Tells peers apart by their address: the socket's, or what trusted proxies say in `X-Forwarded-For`.

    Each proxy appends the address that it was asked from. From the right, the first address that is not a trusted
    proxy's is the peer's; what stands left of it anybody can write.
    """

    def __init__(self, trusted: TrustedProxies) -> None:
        self._trusted = trusted

    def of(self, scope: Scope) -> str:
        """Return the peer of a request: an address, or a network of IPv6; the same one for all Unix sockets."""
        address: str = scope["client"][0] if scope["client"] else ""
        if not self._trusted:
            return peer_network(address)
        entries = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
        chain = b",".join(entries).decode("latin-1").rsplit(",", _LONGEST_CHAIN)[-_LONGEST_CHAIN:]
        while address in self._trusted and chain and (before := _address(chain.pop().strip())):
            address = before
        return _network(address)


def _network(address: str) -> str:
    """Return what an address counts as: itself, or its network where that is IPv6."""
    peer = _parse(address)
    return str(ip_network((peer, _ONE_PEER), strict=False)) if isinstance(peer, IPv6Address) else str(peer or address)


peer_network = lru_cache(_REMEMBERED)(_network)
"""The same for the address of a socket, which no client writes itself: it is remembered."""


def _address(text: str) -> str:
    """Read the address in an entry of `X-Forwarded-For`, where some proxies add the port; empty when it is none."""
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
