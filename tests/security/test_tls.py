"""The limits of a connection hold with TLS as they do without."""

import json
import socket
import ssl
import time
from copy import deepcopy
from urllib.parse import urlsplit

import pytest

from ..conftest import load
from ..server.conftest import CLOSE, Asker
from ..support import raw
from ..support.answers import check_error
from ..support.running import Service, wait_until
from .test_certificates import Files

pytestmark = pytest.mark.long

_MOST = 4
_HEAD_TIMEOUT = 3


LARGE = 6_000_000
"""Bytes that the buffers of a connection do not take: Linux has four million of them for the sender."""


@pytest.fixture(scope="module")
def secure(tmp_path_factory, world):
    """Start a service with TLS and few connections, whose list of the empty service is large."""
    folder = tmp_path_factory.mktemp("tls")
    document = deepcopy(world.document)
    (service,) = (each for each in document["accounts"][0]["services"] if not each["bindings"])
    known = world.full["bindings"][0] | {"identity": "\N{GRINNING FACE}" * 512}
    service["bindings"] = [known | {"sid": f"BS{n:032x}", "endpoint": str(n)} for n in range(1000)]
    (folder / "world.json").write_text(json.dumps(document), encoding="utf-8")
    options = ("--max-connections", _MOST, "--head-timeout", _HEAD_TIMEOUT)
    with Service(load(folder / "tls.db", folder / "world.json"), *Files(folder).options, *options) as running:
        yield running
        assert "Traceback" not in running.log


def connect(service: Service) -> socket.socket:
    """Open a connection that has yet to begin with TLS."""
    parts = urlsplit(service.url)
    return socket.create_connection((parts.hostname, parts.port), timeout=raw.PATIENCE)


def client_of(service: Service) -> ssl.SSLSocket:
    """Open a connection with TLS, which its client never closes by an alert."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(connect(service))


def answers(service: Service, world) -> bool:
    with client_of(service) as client:
        client.sendall(Asker(service, world).compose("fetchBinding", CLOSE))
        (answer,) = raw.parsed(raw.received(client))
    return answer.status == 200


@pytest.mark.ci("makes hundreds of handshakes: ten seconds of CPU")
def test_handshakes_count_and_end(secure, world):
    """Connections that never begin with TLS are counted and ended as those without a head; then all is as before."""
    assert answers(secure, world)
    held = [connect(secure) for _ in range(_MOST)]
    time.sleep(0.5)
    with client_of(secure) as crowded:
        crowded.sendall(raw.compose("GET", "/x", [("Host", "x")]))
        (answer,) = raw.parsed(raw.received(crowded))
    check_error(answer, "too_many_requests")
    held += [connect(secure) for _ in range(_MOST)]
    time.sleep(0.5)
    with connect(secure) as refused:
        assert raw.received(refused) == b""
    for connection in held:
        assert raw.received(connection) == b""
        connection.close()
    assert wait_until(lambda: answers(secure, world), 60)


def test_a_closed_connection_is_gone(secure):
    """A connection that the service closed is gone soon, although its client never closes it, too."""
    client = client_of(secure)
    client.sendall(raw.compose("GET", "/x", [("Host", "x"), CLOSE]))
    assert raw.received(client).startswith(b"HTTP/1.1 404")
    began = time.monotonic()
    with socket.socket(fileno=client.detach()) as connection:
        connection.settimeout(raw.PATIENCE)
        assert raw.received(connection) == b""
    assert time.monotonic() - began < 15  # asyncio waits for 30


def test_a_slow_reader_gets_all(secure, world):
    """A client that reads late gets the whole of an answer that no buffer holds, though the connection ends with it."""
    request = Asker(secure, world).compose("listBindings", CLOSE, service_sid=world.empty["sid"])
    with client_of(secure) as client:
        client.sendall(request.replace(b" HTTP/", b"?PageSize=1000 HTTP/", 1))
        time.sleep(4)  # TLS gives its peer two seconds to close
        (answer,) = raw.parsed(raw.received(client))
    assert (answer.status, len(answer.content) > LARGE) == (200, True)


def test_connections_without_tls(secure, world):
    """Bytes without TLS end their connection, and nothing else."""
    with connect(secure) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        raw.received(connection)
    assert answers(secure, world)
