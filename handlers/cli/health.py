"""`chat-bindings health`: whether a service answers, for a container's health check."""

import signal
import socket
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from types import FrameType
from typing import NoReturn
from urllib.parse import urlsplit

import click

from .environment import PREFIX, variable

_TIMEOUT = 5
"""Seconds for all of it."""

_LOCAL = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - what they are reached by
_HIGHEST_PORT = 65_535
_SHOWN = 150


class _Unix(HTTPConnection):
    """A connection to a Unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost")
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(self._path)


@click.command()
@click.argument("url", metavar="[URL]", required=False)
def health(*, url: str | None) -> int:
    """Say whether a service answers.

    URL is that of a service, or of its port for monitoring, whose /readyz knows of the database too; unix:/path for a
    socket. Without one it is what the variables of `serve` name: CHAT_BINDINGS_MONITORING_PORT, else CHAT_BINDINGS_UDS,
    else CHAT_BINDINGS_HOST and CHAT_BINDINGS_PORT. A certificate is not verified: nothing secret is sent.

    The exit code is 0 if it answers, 1 if not, or not within 5 seconds, and 2 if the URL is none.

    \b
    Examples:
      chat-bindings health
      chat-bindings health http://127.0.0.1:9090
    """
    url = url or _default()
    connection, path = _connection(url)
    signal.signal(signal.SIGALRM, _give_up)  # a timeout of the socket would bound each step, not all of them
    signal.alarm(_TIMEOUT)
    try:
        connection.request("GET", path)
        well, told = _judged(connection.getresponse())
    except (OSError, HTTPException) as error:
        well, told = False, f"no answer: {getattr(error, 'strerror', None) or error or type(error).__name__}"
    finally:
        signal.alarm(0)
        connection.close()
    click.echo(f"{url}: {told}")
    return 0 if well else 1


def _give_up(number: int, frame: FrameType | None) -> NoReturn:  # noqa: ARG001 - as the signal module calls it
    raise TimeoutError(f"timed out after {_TIMEOUT} seconds")


def _judged(response: HTTPResponse) -> tuple[bool, str]:
    if response.status < HTTPStatus.BAD_REQUEST:
        return True, "ready" if response.status == HTTPStatus.OK else f"answers {response.status}"
    # what has no /readyz is the service itself: it answers that without credentials, or a path, it has nothing to show
    if response.status < HTTPStatus.INTERNAL_SERVER_ERROR and response.headers.get("Twilio-Request-Id"):
        return True, "answers"
    reason = " ".join(response.read(_SHOWN).decode("utf-8", "replace").split())
    return False, f"not ready, it answers {response.status}: {reason}"


def _default() -> str:
    port, host = variable("MONITORING_PORT"), variable("MONITORING_HOST")
    if port and int(port if port.isdecimal() else 1):
        return f"http://{_reached(host)}:{port}"
    if uds := variable("UDS"):
        return f"unix:{uds}"
    port, host = variable("PORT") or "8000", (variable("HOST").split() or [""])[0]
    if port == "0":
        raise click.UsageError(f"URL is missing: {PREFIX}_PORT is 0, so the service's port is not known.")
    return f"http{'s' if variable('TLS_CERT') else ''}://{_reached(host)}:{port}"


def _reached(host: str) -> str:
    bare = host.removeprefix("[").removesuffix("]")
    bare = _LOCAL.get(bare, bare)
    return f"[{bare}]" if ":" in bare else bare


def _connection(url: str) -> tuple[HTTPConnection, str]:
    """A connection to a URL's host, and the path to ask for."""
    if url.startswith("unix:"):
        return _Unix(url.removeprefix("unix:")), "/readyz"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", None
    usable = host and parts.scheme in {"http", "https"} and url.isascii() and url.isprintable() and " " not in url
    if not usable or not 0 < (port or 80) <= _HIGHEST_PORT or parts.username is not None:
        raise click.UsageError(f"{url[:_SHOWN]!r} is not a URL such as http://127.0.0.1:8000 or unix:/run/chat.sock.")
    path = parts.path if parts.path not in {"", "/"} else "/readyz"
    if parts.scheme == "http":
        return HTTPConnection(host, port), path
    import ssl

    context = ssl._create_unverified_context()  # noqa: S323, SLF001 - nothing secret is sent, and localhost has no certificate
    return HTTPSConnection(host, port, context=context), path
