"""Listening sockets: addresses and ports, or a Unix socket."""

import errno
import os
import re
import socket
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from ..setting import setting
from .authority import HIGHEST_PORT

_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_.])?")
_BACKLOG = 2048
_TRIES = 20
"""Tries to find a port that is free at all addresses."""

_LONGEST_PATH = 107
"""Bytes of a Unix socket's path, by the system's `sockaddr_un`."""

_ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - for URLs only
"""Unspecified addresses, and the loopback addresses that reach them."""


def host(text: str) -> str:
    """Parse an address or a host name; IPv6 with or without brackets. Raises `ValueError` with the broken rule."""
    bare = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    try:
        address = ip_address(bare)
    except ValueError:
        address = None
    if (bare != text and (address is None or address.version == 4)) or not (address or _NAME.fullmatch(bare)):  # noqa: PLR2004
        raise ValueError(
            "is not an address or a host name, such as 127.0.0.1, [::1] or localhost; "
            "0.0.0.0 stands for all of IPv4, :: for all of both families, and the port has an option of its own"
        )
    return bare


def path(text: str) -> Path:
    """Parse a path. Raises `ValueError` for an empty one."""
    if not text or "\0" in text:
        raise ValueError("is not the path of a file")
    return Path(text)


_LOCAL = ("127.0.0.1", 0)
_MAPPED = "::ffff:"


@dataclass(frozen=True)
class Listening:
    """Addresses that a service listens on, with its certificate and workers."""

    hosts: tuple[str, ...] = setting(
        ("127.0.0.1",),
        "Address to listen on, such as [::1]; 0.0.0.0 for all of IPv4, :: for all of both families. Can be repeated.",
        parse=host,
        several=True,
        option="--host",
        metavar="ADDRESS",
    )
    port: int = setting(8000, "Port to listen on; 0 for any that is free.", maximum=HIGHEST_PORT)
    uds: Path | None = setting(
        None,
        "Unix socket to listen on instead, for a proxy: its owner and group may connect, and count as 127.0.0.1.",
        parse=path,
        metavar="PATH",
    )
    workers: int = setting(1, "Processes that serve; one a core is plenty.", minimum=1, maximum=256)
    tls_cert: Path | None = setting(
        None,
        "Certificate chain (PEM) to serve HTTPS with. It and its key are read again when they change.",
        parse=path,
        metavar="FILE",
    )
    tls_key: Path | None = setting(None, "Private key (PEM) of the certificate.", parse=path, metavar="FILE")


@contextmanager
def listeners(hosts: Sequence[str], port: int, uds: Path | None = None) -> Iterator[list[socket.socket]]:
    """Open listening sockets; remove the file of a Unix socket at the end. Raises `OSError` that names the address."""
    if uds is None:
        yield listen(hosts, port)
        return
    listener = _listen_at(uds)
    place, made = uds.absolute(), uds.stat()
    try:
        yield [listener]
    finally:
        with suppress(OSError):
            if os.path.samestat(place.lstat(), made):
                place.unlink()


def listen(hosts: Sequence[str], port: int) -> list[socket.socket]:
    """Open listening sockets on all addresses of some hosts, on one port. Raises `OSError` that names the host."""
    for tries in range(_TRIES):
        sockets: list[socket.socket] = []
        try:
            for name, family, address in _addresses(hosts):
                taken = sockets[0].getsockname()[1] if sockets else port
                _bind(sockets, name, family, (address, taken))
        except OSError as error:
            for each in sockets:
                each.close()
            if error.errno != errno.EADDRINUSE or port or not sockets or tries + 1 == _TRIES:
                raise
            continue
        break
    return sockets


def _addresses(hosts: Sequence[str]) -> list[tuple[str, socket.AddressFamily, str]]:
    """Resolve hosts to addresses, each with its host, without those that another one covers."""
    found: dict[str, tuple[str, socket.AddressFamily, str]] = {}
    for name in hosts:
        try:
            infos = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        except (OSError, UnicodeError) as error:
            raise OSError(errno.EADDRNOTAVAIL, getattr(error, "strerror", None) or str(error), name) from None
        for family, _, _, _, address in infos:
            found.setdefault(str(address[0]), (name, family, str(address[0])))
    if "::" in found and socket.has_dualstack_ipv6():
        return [found["::"]]
    if "0.0.0.0" in found:  # noqa: S104 - asked for
        return [each for each in found.values() if each[1] != socket.AF_INET or each[2] == "0.0.0.0"]  # noqa: S104
    return list(found.values())


def _bind(sockets: list[socket.socket], name: str, family: socket.AddressFamily, address: tuple[str, int]) -> None:
    try:
        dual = address[0] == "::" and socket.has_dualstack_ipv6()
        sockets.append(socket.create_server(address, family=family, backlog=_BACKLOG, dualstack_ipv6=dual))
    except OSError as error:
        # a name such as localhost has an address of IPv6 even where the machine has none
        if error.errno in {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT} and name != address[0] and sockets:
            return
        raise OSError(error.errno, os.strerror(error.errno or 0), name) from None


def _listen_at(place: Path) -> socket.socket:
    if len(os.fsencode(place)) > _LONGEST_PATH:
        raise OSError(errno.ENAMETOOLONG, f"a socket's path has at most {_LONGEST_PATH} bytes", str(place))
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o117)  # private to its owner and group from its creation on
    try:
        _remove_stale(place)
        listener.bind(str(place))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise OSError(error.errno, error.strerror, str(place)) from None
    finally:
        os.umask(before)
    return listener


def _remove_stale(place: Path) -> None:
    """Remove the socket of a process that has ended; anything else stays and is an error."""
    try:
        mode = place.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise OSError(errno.EEXIST, "a file that is no socket has this name")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(1)
        try:
            client.connect(str(place))
        except ConnectionRefusedError:
            place.unlink()
            return
        except BlockingIOError:  # its queue is full: a process listens
            pass
    raise OSError(errno.EADDRINUSE, "another process listens there")


def url_of(listener: socket.socket, *, secure: bool, local: bool = False) -> str:
    """Return a listening socket's URL; `local` gives one of loopback where it listens on all addresses."""
    if listener.family == socket.AF_UNIX:
        return f"unix:{os.path.abspath(listener.getsockname())}"  # noqa: PTH100 - a text already
    name, port = listener.getsockname()[:2]
    if local:
        name = _ANY.get(name, name)
    return f"{'https' if secure else 'http'}://{f'[{name}]' if ':' in name else name}:{port}"


def peer_of(client: tuple[str, int] | None) -> tuple[str, int]:
    """Return a client's address and port: an IPv4 address also where the socket serves both families.

    A client on a Unix socket counts as one of 127.0.0.1.
    """
    if client is None:
        return _LOCAL
    address, port = client
    return (address.removeprefix(_MAPPED), port) if address.startswith(_MAPPED) else client
