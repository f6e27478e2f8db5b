"""Who is at the other end: the network that a request is counted under."""

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from starlette.types import Scope

from ..settings import Network

_ONE_PEER = 64
"""The prefix of an IPv6 network that is handed out as a whole: who has one has all of its addresses."""

_LOCAL = ("127.0.0.1", 0)
_MAPPED = "::ffff:"

_REMEMBERED = 1024
"""How many addresses of sockets need no second look."""

_LONGEST_CHAIN = 100
"""How many addresses of `X-Forwarded-For` are read, from the right: more proxies are in no way."""


def peer_of(client: tuple[str, int] | None) -> tuple[str, int]:
    """The address and port of a socket's other end: of IPv4 also where the socket serves both families.

    A client on a Unix socket is on this machine: it counts as one of 127.0.0.1.
    """
    if client is None:
        return _LOCAL
    address, port = client
    return (address.removeprefix(_MAPPED), port) if address.startswith(_MAPPED) else client


class Peers:
    """Tells peers apart by their address: the socket's, or what trusted proxies say in `X-Forwarded-For`.

    Each proxy appends the address that it was asked from. From the right, the first address that is not a trusted
    proxy's is the peer's; what stands left of it anybody can write.
    """

    def __init__(self, trusted_proxies: Sequence[Network]) -> None:
        self._trusted = tuple(trusted_proxies)

    def of(self, scope: Scope) -> str:
        """The peer of a request: an address, or a network of IPv6. Without a socket of the Internet all are one."""
        address: str = scope["client"][0] if scope["client"] else ""
        if not self._trusted:
            return network(address)
        said = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
        chain = b",".join(said).decode("latin-1").rsplit(",", _LONGEST_CHAIN)[-_LONGEST_CHAIN:]
        while self._is_trusted(address) and chain and (before := _address(chain.pop().strip())):
            address = before
        return _network(address)

    def _is_trusted(self, address: str) -> bool:
        peer = _parsed(address)
        return peer is not None and any(peer in network for network in self._trusted)


def _network(address: str) -> str:
    """What an address counts as: itself, or its network where that is IPv6."""
    peer = _parsed(address)
    return str(ip_network((peer, _ONE_PEER), strict=False)) if isinstance(peer, IPv6Address) else str(peer or address)


network = lru_cache(_REMEMBERED)(_network)
"""The same for the address of a socket, which no client writes itself: it is remembered."""


def _address(text: str) -> str:
    """The address in an entry of `X-Forwarded-For`, where some proxies write the port too; empty when it is none."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    return str(_parsed(text) or "")


def _parsed(address: str) -> IPv4Address | IPv6Address | None:
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return None
    return (parsed.ipv4_mapped or parsed) if isinstance(parsed, IPv6Address) else parsed
