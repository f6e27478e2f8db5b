"""The published site under /docs, built in a process of its own at its first request."""

import asyncio
import logging
import mimetypes
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from urllib.parse import quote

from starlette.datastructures import MutableHeaders
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.responses import RedirectResponse
from starlette.routing import Mount, Router
from starlette.staticfiles import StaticFiles
from starlette.types import Message, Receive, Scope, Send

from .errors import ApiError
from .settings import DOCS, Site

log = logging.getLogger(__name__)

_CONNECTS = "/try.html"
"""The page that sends requests, to a server of its reader's choice."""

HEADERS = {
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
"""Headers of all that a browser shows."""

_REVALIDATE = "no-cache"
_KEEP = "public, max-age=31536000, immutable"
"""For scripts and styles, whose names change with their content."""


def policy(connects: str) -> str:
    """Return a Content-Security-Policy without foreign and inline code; `connects` is what scripts may reach."""
    return (
        f"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src {connects}; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


class Docs:
    """The ASGI app for requests that match no operation: the site's files, and 404 for the rest.

    It requires no credentials, and requests of the operations never reach it.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._folder = site.folder / "site"
        self._building = asyncio.Lock()
        mimetypes.add_type("application/yaml", ".yaml")  # RFC 9512; not every Python knows it
        files = StaticFiles(directory=self._folder, html=True, check_dir=False)
        self._files = ExceptionMiddleware(Router([Mount(DOCS, files)]))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        if path != DOCS and not path.startswith(f"{DOCS}/"):
            raise ApiError("not_found")

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                headers["content-security-policy"] = policy("*" if path.endswith(_CONNECTS) else "'none'")
                keep = message["status"] == HTTPStatus.OK and path.startswith(f"{DOCS}/assets/")
                headers["cache-control"] = _KEEP if keep else _REVALIDATE
                if "location" in headers:  # relative: only a proxy in front knows the scheme, the host and a prefix
                    headers["location"] = _with_slash(scope)
            await send(message)

        if path == DOCS:
            await RedirectResponse(_with_slash(scope))(scope, receive, answer)
            return
        async with self._building:
            if not self._folder.exists():
                await self._build()
        await self._files(scope, receive, answer)

    async def _build(self) -> None:
        """Build the site for all workers. Another process does it: Python's lock would delay every request here."""
        new = self._folder.with_name(f"{os.getpid()}")
        if failure := await asyncio.to_thread(_in_a_process, self._site.build, new):
            log.error("the site cannot be published: %s", failure)
            raise ApiError("internal_server_error")
        with suppress(OSError):  # another worker was first
            new.rename(self._folder)


def _with_slash(scope: Scope) -> str:
    """Return the request's own address with a slash at its end, relative to itself."""
    query = scope["query_string"].decode("latin-1")
    return f"./{quote(scope['path'].rpartition('/')[2])}/" + (f"?{query}" if query else "")


def _in_a_process(build: Callable[[Path], object], folder: Path) -> str:
    """Build the site into a folder; return the reason where that fails, else an empty string."""
    spawn = get_context("spawn")
    receiver, sender = spawn.Pipe(duplex=False)
    process = spawn.Process(target=_build, args=(build, folder, sender), daemon=True)
    process.start()
    sender.close()
    try:
        return str(receiver.recv())
    except EOFError:
        process.join()
        return f"its process ended with {process.exitcode}"
    finally:
        receiver.close()
        process.join()


def _build(build: Callable[[Path], object], folder: Path, sender: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to all processes; the server ends this one
    try:
        build(folder)
    except Exception as error:  # noqa: BLE001 - the server logs it
        sender.send(f"{type(error).__name__}: {error}")
    else:
        sender.send("")
