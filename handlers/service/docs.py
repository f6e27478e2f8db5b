"""The published site under /docs, made by a process of its own when it is first asked for."""

import asyncio
import logging
import mimetypes
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path

from starlette.datastructures import MutableHeaders
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.responses import RedirectResponse
from starlette.routing import Mount, Router
from starlette.staticfiles import StaticFiles
from starlette.types import Message, Receive, Scope, Send

from .. import __name__ as package
from .errors import Fault
from .settings import DOCS

log = logging.getLogger(__name__)

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src {}; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_CONNECTS = "/try.html"
"""The page that sends requests, to the server that its reader names."""

_HEADERS = {
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
_REVALIDATE = "no-cache"
_KEEP = "public, max-age=31536000, immutable"
"""For scripts and styles, whose names change with what they hold."""


class Docs:
    """What answers requests that are for no operation: the site's files, and for the rest that there is nothing.

    No credentials are asked for, and the operations' requests never come by here.
    """

    def __init__(self, folder: Path) -> None:
        """`folder` exists, is empty at first, and belongs to all workers of one service."""
        self._folder = folder / "site"
        self._publishing = asyncio.Lock()
        mimetypes.add_type("application/yaml", ".yaml")  # RFC 9512; not every Python knows it
        files = StaticFiles(directory=self._folder, html=True, check_dir=False)
        self._site = ExceptionMiddleware(Router([Mount(DOCS, files)]))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        if path != DOCS and not path.startswith(f"{DOCS}/"):
            raise Fault("not_found")

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(_HEADERS)
                headers["content-security-policy"] = _POLICY.format("*" if path.endswith(_CONNECTS) else "'none'")
                keep = message["status"] == HTTPStatus.OK and path.startswith(f"{DOCS}/assets/")
                headers["cache-control"] = _KEEP if keep else _REVALIDATE
            await send(message)

        if path == DOCS:  # relative: only a proxy in front knows the scheme and the host
            await RedirectResponse(f".{DOCS}/")(scope, receive, answer)
            return
        async with self._publishing:
            if not self._folder.exists():
                await self._publish()
        await self._site(scope, receive, answer)

    async def _publish(self) -> None:
        new = self._folder.with_name(f"{os.getpid()}")
        command = (sys.executable, "-P", "-m", package, "publish", "-o", str(new))
        process = await asyncio.create_subprocess_exec(*command, stdin=DEVNULL, stdout=DEVNULL, stderr=PIPE)
        _, told = await process.communicate()
        if process.returncode:
            log.error("the site cannot be published: %s", told.decode("utf-8", "replace").strip())
            raise Fault("internal_server_error")
        with suppress(OSError):  # another worker was first
            new.rename(self._folder)
