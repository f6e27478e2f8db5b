"""Values from clients are not kept: ten thousand hostile ones leave a worker's memory where it was."""

import base64
import socket
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest

from ..server.conftest import Asker
from ..support import raw
from ..support.processes import resident

pytestmark = [
    pytest.mark.ci("sends 90,000 requests: 45 seconds of CPU"),
    pytest.mark.long,
    pytest.mark.usefixtures("unmeasured"),
]

_MOST = 10_000
_GROWS = 24_000_000
"""Bytes by which a process may grow, whatever it does: before, each of these kinds took hundreds of millions."""


@pytest.fixture(scope="module")
def service(unmeasured, serve):
    """Start a service whose clients are trusted proxies: their forwarded headers are read."""
    hosts = [part for host in ("*.example", "x", "127.0.0.1") for part in ("--allowed-host", host)]
    return serve("--trusted-proxy", "127.0.0.1", *hosts)


def _filled(number: int, size: int) -> str:
    return f"{number:08}" + "a" * (size - 8)


def _basic(number: int) -> str:
    return "Basic " + base64.b64encode(f"{_filled(number, 6000)}:x".encode()).decode()


Headers = Callable[[int, str], list[tuple[str, str]]]

HOSTILE: dict[str, Headers] = {
    "Host": lambda n, right: [("Host", f"{_filled(n, 8000)}.example"), ("Authorization", right)],
    "an allowed Host": lambda n, right: [("Host", f"{_filled(n, 200)}.example"), ("Authorization", right)],
    "X-Forwarded-Host": lambda n, right: [("X-Forwarded-Host", f"{_filled(n, 200)}.example"), ("Authorization", right)],
    "X-Forwarded-For": lambda n, right: [
        ("X-Forwarded-For", ", ".join([_filled(n, 200), *[f"10.{n >> 8}.{n & 255}.{i}" for i in range(400)]])),
        ("Authorization", right),
    ],
    "an address with a zone": lambda n, _: [("X-Forwarded-For", f"fe80::1%{_filled(n, 8000)}")],
    "X-Forwarded-Prefix": lambda n, right: [("X-Forwarded-Prefix", f"/{_filled(n, 250)}"), ("Authorization", right)],
    "wrong credentials": lambda n, _: [("Authorization", _basic(n))],
    "right credentials with spaces": lambda n, right: [("Authorization", right.replace(" ", " " * (n + 1), 1))],
}


def _exchange(url: str, requests: list[bytes]) -> None:
    """Send requests, each when the last is answered, on one connection as long as it stays."""
    parts = urlsplit(url)
    waiting = iter(requests)
    request = next(waiting, None)
    while request is not None:
        with socket.create_connection((parts.hostname, parts.port), timeout=raw.PATIENCE) as connection:
            stays = True
            while stays and request is not None:
                stays = raw.one(connection, request).header("Connection") != "close"
                request = next(waiting, None)


def _requests(ask: Asker, kind: str, numbers: range) -> list[bytes]:
    right = raw.basic(*ask.world.auth)
    made = []
    for number in numbers:
        headers = HOSTILE[kind](number, right)
        if not any(name == "Host" for name, _ in headers):
            headers.insert(0, ("Host", "x"))
        made.append(raw.compose("GET", ask.path("fetchBinding"), headers))
    return made


@pytest.mark.parametrize("kind", HOSTILE)
def test_headers(ask, service, kind):
    """Ten thousand values of a header, each as long as it can be, leave the memory where it was."""
    _exchange(ask.url, _requests(ask, kind, range(200)))
    before = resident(service.pid)
    for start in range(200, _MOST, 700):
        _exchange(ask.url, _requests(ask, kind, range(start, min(start + 700, _MOST))))
    assert resident(service.pid) - before < _GROWS


def test_characters_of_identities(ask, service):
    """A million different characters in identities leave the memory where it was."""

    def register(first: int) -> None:
        identity = "".join(map(chr, range(first, first + 500)))
        body = f"Identity={_quoted(identity)}&Endpoint=e&BindingType=apn&CredentialSid=CR{'0' * 32}"
        assert ask("registerBinding", body=body.encode(), service_sid=ask.world.empty["sid"]).status == 201

    register(0x4E00)
    before = resident(service.pid)
    for first in range(0x10000, 0x110000 - 500, 500):
        register(first)
    assert resident(service.pid) - before < _GROWS


def _quoted(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode())
