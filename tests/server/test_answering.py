"""The writer of responses: complete ones in one write, others as uvicorn sends them."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import pytest
import uvicorn

from chat_bindings.server.http.limits import Limits
from chat_bindings.server.http.listening import listen, url_of
from chat_bindings.server.http.protocol import Protocol

from ..support import raw
from ..support.answers import operations
from ..support.running import wait_until
from .conftest import CLOSE

LENGTH = (b"content-length", b"4")
BODY = {"type": "http.response.body", "body": b"body"}


def start(*headers: tuple[bytes, bytes], status: int = 200) -> dict[str, object]:
    return {"type": "http.response.start", "status": status, "headers": [*headers]}


@contextmanager
def serving(*messages: dict[str, object] | Exception) -> Iterator[str]:
    """Start a server whose app sends these messages for every request, and yield its URL."""

    async def app(scope, receive, send):
        for message in messages:
            if isinstance(message, Exception):
                raise message
            await send({**message})

    http = partial(Protocol, limits=Limits())
    config = uvicorn.Config(app, interface="asgi3", http=http, ws="none", lifespan="off", log_config=None)
    server = uvicorn.Server(config)
    (listener,) = listen(["127.0.0.1"], 0)
    with listener:
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        assert wait_until(lambda: server.started, 60)
        try:
            yield url_of(listener, secure=False)
        finally:
            server.should_exit = True
            thread.join(60)
    assert not thread.is_alive()


@pytest.mark.parametrize("closes", [False, True])
def test_an_answer_leaves_in_one_write(service, world, closes):
    """A client has the whole response with its first read, and need not wait for more."""
    path = operations()["listBindings"].path(ServiceSid=world.empty["sid"])
    headers = [("Host", "x"), ("Authorization", raw.basic(*world.auth)), *([CLOSE] if closes else [])]
    for _ in range(50):
        with raw.connect(service.url) as connection:
            connection.sendall(raw.compose("GET", path, headers))
            (answer,) = raw.parsed(connection.recv(65536))
            assert answer.status == 200
            assert answer.header("Connection") == ("close" if closes else None)


@pytest.mark.parametrize(
    ("messages", "status", "content"),
    [
        ([start(LENGTH), BODY], 200, b"body"),
        ([start(), BODY], 200, b"body"),  # in chunks, as it said no length
        ([start(status=204), {"type": "http.response.body"}], 204, b""),
        ([start((b"content-length", b"8")), BODY | {"more_body": True}, BODY], 200, b"bodybody"),
        ([start(), BODY | {"more_body": True}, BODY], 200, b"bodybody"),
        ([start((b"content-length", b"99999")), BODY | {"body": b"x" * 99_999}], 200, b"x" * 99_999),
        ([start((b"Content-Length", b"4"), (b"Connection", b"Close")), BODY], 200, b"body"),
        ([start(LENGTH, (b"x-own", b"a\r\nset-cookie: b")), BODY], None, b""),  # which uvicorn refuses
        ([start((b"transfer-encoding", b"chunked")), BODY], 200, b"body"),
        ([start(LENGTH), ValueError("x")], 500, b"Internal Server Error"),
        ([ValueError("x")], 500, b"Internal Server Error"),
        ([start(LENGTH)], 500, b"Internal Server Error"),
    ],
)
def test_responses_arrive_as_sent(messages, status, content):
    """Each answer arrives as the app means it, on connections that stay and that close."""
    with serving(*messages) as url:
        answers = raw.exchange(url, raw.compose("GET", "/", [("Host", "x"), CLOSE]))
    assert [(answer.status, answer.content) for answer in answers] == ([(status, content)] if status else [])


@pytest.mark.parametrize("body", [b"", b"x" * 99_999])
def test_a_connection_that_stays(body):
    """Answers of any length follow each other on one connection."""
    head = start((b"content-length", b"%d" % len(body)))
    with serving(head, BODY | {"body": body}) as url, raw.connect(url) as connection:
        for _ in range(3):
            assert raw.one(connection, raw.compose("GET", "/", [("Host", "x")])).content == body


@pytest.mark.parametrize("length", [b"3", b"5"])
def test_a_body_of_another_length(length):
    """A body of another length than its header's ends the connection, since the client cannot find the end."""
    with serving(start((b"content-length", length)), BODY) as url, raw.connect(url) as connection:
        connection.sendall(raw.compose("GET", "/", [("Host", "x")]))
        head, _, rest = raw.received(connection).partition(b"\r\n\r\n")
    assert b"content-length: " + length in head
    assert len(rest) in (0, 4)
