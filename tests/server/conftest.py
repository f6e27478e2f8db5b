"""Valid requests of each operation, in which a test breaks one thing."""

from collections.abc import Iterable
from urllib.parse import urlencode

import pytest

from ..support import raw
from ..support.answers import operations
from ..support.raw import Response
from ..support.running import Service, World

FORM = "application/x-www-form-urlencoded"
CLOSE = ("Connection", "close")


def registration(identity: str = "somebody", endpoint: str = "a-device", **others: str) -> bytes:
    """Return a registration as a form."""
    fields = {"Identity": identity, "Endpoint": endpoint, "BindingType": "apn", "CredentialSid": f"CR{'0' * 32}"}
    return urlencode(fields | others).encode()


class Asker:
    """Sends an operation's requests, by hand and on a connection of their own."""

    def __init__(self, service: Service, world: World) -> None:
        self.url = service.url
        self.world = world

    def path(self, operation_id: str, service_sid: str | None = None, sid: str | None = None) -> str:
        """Return the path of an operation, on a Binding of account A by default."""
        full = self.world.full
        return operations()[operation_id].path(ServiceSid=service_sid or full["sid"],
                                               Sid=sid or full["bindings"][0]["sid"])  # fmt: skip

    def __call__(
        self,
        operation_id: str,
        query: str | bytes = b"",
        *,
        service_sid: str | None = None,
        sid: str | None = None,
        auth: str | bytes | None = "",
        headers: Iterable[tuple[str | bytes, str | bytes]] = (),
        body: bytes | None = None,
        method: str | None = None,
        path: str | None = None,
    ) -> Response:
        """Send a request. `auth` is an `Authorization`: account A's by default, none for None."""
        sent = list(headers)
        if auth is not None:
            sent.append(("Authorization", auth or raw.basic(*self.world.auth)))
        if operation_id == "registerBinding" and body is None:
            body = registration()
        if body is not None:
            sent.append(("Content-Length", str(len(body))))
        query = query.encode() if isinstance(query, str) else query
        target = (path or self.path(operation_id, service_sid, sid)).encode() + (b"?" + query if query else b"")
        return raw.ask(self.url, method or operations()[operation_id].method, target, sent, body or b"")

    def compose(
        self,
        operation_id: str,
        *headers: tuple[str | bytes, str | bytes],
        body: bytes | None = None,
        service_sid: str | None = None,
        sid: str | None = None,
    ) -> bytes:
        """Return the bytes of an operation's request with account A's credentials, on a connection that stays."""
        sent = [("Host", "x"), ("Authorization", raw.basic(*self.world.auth)), *headers]
        if body is not None:
            sent.append(("Content-Length", str(len(body))))
        path = self.path(operation_id, service_sid, sid)
        return raw.compose(operations()[operation_id].method, path, sent, body or b"")


class Upload:
    """A registration at account A's empty service whose body is half sent."""

    def __init__(self, ask: Asker, endpoint: str) -> None:
        body = registration(endpoint=endpoint)
        sent = ask.compose("registerBinding", body=body, service_sid=ask.world.empty["sid"])
        self._connection, self._rest = raw.connect(ask.url), body[10:]
        self._connection.sendall(sent.removesuffix(self._rest))

    def finish(self) -> Response:
        """Send the rest, and return the response."""
        with self._connection:
            return raw.one(self._connection, self._rest)

    def drop(self) -> None:
        """Close the connection."""
        self._connection.close()


@pytest.fixture
def ask(service: Service, world: World) -> Asker:
    """Return an `Asker` of the running service."""
    return Asker(service, world)
