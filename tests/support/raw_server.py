"""A server of raw bytes, for responses that no HTTP server sends."""

import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress


def message(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """Return the bytes of an answer with a body."""
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body


@contextmanager
def raw_server(
    answer: Callable[[socket.socket, bytes], None], port: int = 0, tls: ssl.SSLContext | None = None
) -> Iterator[str]:
    """Pass each connection, with the head of its request, to a function. Yields the base URL.

    The connection is closed when the function returns.
    """

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            head = b""
            with suppress(OSError):
                while b"\r\n\r\n" not in head and (more := self.request.recv(65536)):
                    head += more
                answer(self.request, head)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        block_on_close = False
        request_queue_size = 128

    with Server(("127.0.0.1", port), Handler) as server:
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http{'s' if tls else ''}://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
