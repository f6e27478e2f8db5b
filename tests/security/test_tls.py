"""The limits of a connection hold with TLS as they do without."""

import socket
import ssl
import time
from urllib.parse import urlsplit

import pytest
import trustme

from ..conftest import load
from ..server.conftest import CLOSE, Asker
from ..support import raw
from ..support.answers import check_error
from ..support.running import Service, wait_until

pytestmark = pytest.mark.long

_MOST = 4
_HEAD_TIMEOUT = 3


@pytest.fixture(scope="module")
def secure(tmp_path_factory, world_file):
    """A service with TLS, and few connections."""
    folder = tmp_path_factory.mktemp("tls")
    issued = trustme.CA().issue_cert("localhost", "127.0.0.1")
    (folder / "cert.pem").write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    issued.private_key_pem.write_to_path(folder / "key.pem")
    options = ("--tls-cert", folder / "cert.pem", "--tls-key", folder / "key.pem", "--max-connections", _MOST)
    with Service(load(folder / "tls.db", world_file), *options, "--head-timeout", _HEAD_TIMEOUT) as running:
        yield running
        assert "Traceback" not in running.log


def connect(service: Service) -> socket.socket:
    """A connection that has yet to begin with TLS."""
    parts = urlsplit(service.url)
    return socket.create_connection((parts.hostname, parts.port), timeout=raw.PATIENCE)


class Client:
    """TLS by hand over a socket: it says no more than it is made to, not even that it closes."""

    def __init__(self, service: Service, buffer: int = 0) -> None:
        self.socket = connect(service)
        if buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self._came, self._goes = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._came, self._goes)
        self._do(self._tls.do_handshake)

    def send(self, data: bytes) -> None:
        self._do(lambda: self._tls.write(data))

    def read(self) -> bytes:
        """All until the other side says that it closes."""
        received = b""
        while piece := self._do(lambda: self._tls.read(1 << 20)):
            received += piece
        return received

    def _do(self, step):
        while True:
            try:
                return step()
            except ssl.SSLWantReadError:
                self._flush()
                piece = self.socket.recv(1 << 16)
                if not piece:
                    return b""
                self._came.write(piece)
            except ssl.SSLZeroReturnError:
                return b""
            finally:
                self._flush()

    def _flush(self) -> None:
        if pending := self._goes.read():
            self.socket.sendall(pending)


def answers(service: Service, world) -> bool:
    client = Client(service)
    client.send(Asker(service, world).compose("fetchBinding", CLOSE))
    (answer,) = raw.parsed(client.read())
    client.socket.close()
    return answer.status == 200


@pytest.mark.ci("makes hundreds of handshakes: ten seconds of CPU")
def test_handshakes_count_and_end(secure, world):
    """Connections that never begin with TLS are counted and ended as those without a head; then all is as before."""
    assert answers(secure, world)
    held = [connect(secure) for _ in range(_MOST)]
    time.sleep(0.5)
    crowded = Client(secure)
    crowded.send(raw.compose("GET", "/x", [("Host", "x")]))
    (answer,) = raw.parsed(crowded.read())
    check_error(answer, "too_many_requests")
    crowded.socket.close()
    held += [connect(secure) for _ in range(_MOST)]
    time.sleep(0.5)
    with connect(secure) as refused:
        assert raw.received(refused) == b""
    for connection in held:
        assert raw.received(connection) == b""
        connection.close()
    assert wait_until(lambda: answers(secure, world), 60)


def test_a_closed_connection_is_gone(secure, world):
    """A connection that the service closed is gone soon, although its client never says that it closes, too."""
    client = Client(secure)
    client.send(raw.compose("GET", "/x", [("Host", "x"), ("Connection", "close")]))
    assert client.read().startswith(b"HTTP/1.1 404")
    began = time.monotonic()
    assert raw.received(client.socket) == b""
    assert time.monotonic() - began < 15  # asyncio waits for 30
    client.socket.close()


def test_a_slow_reader_gets_all(secure, world):
    """A client that reads late gets the whole of a large answer, though the connection ends with it."""
    client = Client(secure, 4096)
    request = Asker(secure, world).compose("listBindings", service_sid=world.hundred["sid"])
    request = request.replace(b" HTTP/", b"?PageSize=1000 HTTP/", 1)
    many = 60
    client.send(request * (many - 1) + request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
    time.sleep(6)
    received = client.read()
    assert [answer.status for answer in raw.parsed(received)] == [200] * many
    client.socket.close()


def test_connections_without_tls(secure, world):
    """What is no TLS ends its connection, and nothing else."""
    with connect(secure) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        raw.received(connection)
    assert answers(secure, world)
