"""One connection, byte by byte: what stands on it beyond the answers that were announced."""

import select
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import h11

from .answer import Answer, Request

_TIMEOUT_S = 30.0
_SURPLUS_WITHIN_S = 0.05
_SIZE = 65536


class BadFraming(Exception):
    """What came is no HTTP/1.1, or ends too early; the message says how."""

    def __init__(self, message: str, request: Request) -> None:
        super().__init__(message)
        self.request = request


@dataclass(frozen=True)
class Exchange:
    """An answer, and whether the connection goes on after it."""

    answer: Answer
    goes_on: bool


def converse(requests: Sequence[Request], context: ssl.SSLContext | None = None) -> list[Exchange]:
    """Send requests on one connection, one after another, as long as it goes on.

    Raises `BadFraming` when an answer breaks off, cannot be read or is followed by bytes that it did not announce, and
    OSError when there is no connection.
    """
    parts = urlsplit(requests[0].url)
    port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    exchanges: list[Exchange] = []
    with socket.create_connection((parts.hostname or "", port), _TIMEOUT_S) as plain:
        connection = plain
        if parts.scheme == "https":
            connection = (context or ssl.create_default_context()).wrap_socket(plain, server_hostname=parts.hostname)
        state = h11.Connection(our_role=h11.CLIENT)
        for request in requests:
            exchanges.append(_exchange(connection, state, request))
            if not exchanges[-1].goes_on:
                break
            state.start_next_cycle()
    return exchanges


def _exchange(connection: socket.socket, state: h11.Connection, request: Request) -> Exchange:
    parts = urlsplit(request.url)
    target = request.url[request.url.index("/", len(parts.scheme) + 3) :]
    headers = [("Host", parts.netloc), ("Accept", "application/json"), *request.headers]
    if request.credentials is not None:
        headers.append(("Authorization", request.credentials.header))
    connection.sendall(state.send(h11.Request(method=request.method, target=target, headers=headers)) or b"")
    connection.sendall(state.send(h11.EndOfMessage()) or b"")
    answer = _received(connection, state, request)
    goes_on = state.our_state is h11.DONE and state.their_state is h11.DONE
    surplus = bytes(state.trailing_data[0])
    if goes_on and select.select([connection], [], [], _SURPLUS_WITHIN_S)[0]:
        more = connection.recv(_SIZE)
        goes_on, surplus = bool(more), surplus + more
    if surplus:
        raise BadFraming(f"status {answer.status}, and then {len(surplus)} bytes beyond the announced length", request)
    return Exchange(answer, goes_on)


def _received(connection: socket.socket, state: h11.Connection, request: Request) -> Answer:
    status, body = 0, b""
    headers: tuple[tuple[str, str], ...] = ()
    try:
        while True:
            event = state.next_event()
            if event is h11.NEED_DATA:
                state.receive_data(connection.recv(_SIZE))
            elif isinstance(event, h11.Response):
                status = event.status_code
                headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in event.headers)
            elif isinstance(event, h11.Data):
                body += bytes(event.data)
            elif isinstance(event, (h11.EndOfMessage, h11.ConnectionClosed)):
                if not status:
                    raise ConnectionResetError("the connection was closed without an answer")
                return Answer(request, status, headers, body)
    except h11.RemoteProtocolError as error:
        came = f"status {status}, then {len(body)} bytes: " if status else ""
        raise BadFraming(f"{came}{error}", request) from error
