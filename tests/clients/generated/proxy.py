"""The service of a later version: a proxy that adds what a client of today does not know to every JSON object."""

import http.client
import json
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import urlsplit

from .cases import Canned

UNKNOWN = {"unknown_text": "…", "unknown_object": {"unknown": [1, None, {}]}, "unknown_null": None}


def grown(node: Any) -> Any:
    """A JSON document whose objects all have unknown properties, in front and behind."""
    if isinstance(node, list):
        return [grown(item) for item in node]
    if isinstance(node, dict):
        return {"unknown_first": True} | {name: grown(value) for name, value in node.items()} | UNKNOWN
    return node


class GrowingProxy:
    """A server in front of another one. Use it as a context manager; `answers` counts what it has changed."""

    def __init__(self, target: str, canned: Mapping[str, Canned]) -> None:
        """`canned` are the answers of the services that the other server does not have, by SID."""
        self.answers = 0
        address = urlsplit(target).netloc
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                service = "".join(self.path.split("/")[3:4])
                if service in canned:
                    self._stand_in(canned[service])
                    return
                connection = http.client.HTTPConnection(address, timeout=60)
                connection.request(self.command, self.path, headers={**self.headers, "Accept-Encoding": "identity"})
                answer = connection.getresponse()
                body = answer.read()
                connection.close()
                if body:
                    owner.answers += 1
                    body = json.dumps(grown(json.loads(body))).encode()
                self.send_response_only(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in {"content-length", "transfer-encoding", "connection"}:
                        self.send_header(name, value)
                if answer.status != http.HTTPStatus.NO_CONTENT:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def _stand_in(self, answer: Canned) -> None:
                body = answer.body.encode()
                self.send_response_only(answer.status)
                self.send_header("Content-Type", answer.content_type)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_DELETE(self) -> None:
                self.do_GET()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._server.shutdown()
        self._thread.join(60)
        self._server.server_close()
