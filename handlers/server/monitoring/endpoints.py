"""The monitoring endpoints, on a port of their own: /healthz, /readyz and /metrics.

A thread of the main process serves them, even while every worker is busy or is being replaced.
"""

import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from threading import Thread

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from ..http.connections import Connections, ServerConfig
from ..http.limits import Limits
from .exposition import Exposition
from .readiness import obstacles
from .settings import Workers

log = logging.getLogger(__name__)

_LIMITS = Limits(max_head=16_384, max_connections=256, head_timeout=5, body_timeout=5, response_timeout=10)
"""Enough for some probes and scrapers, and too little to exhaust the files of the process that supervises workers."""

_GRACE = 1
"""Seconds that requests in flight have when the service ends."""


@contextmanager
def serve_monitoring(listener: socket.socket, folder: Path, workers: Workers) -> Iterator[None]:
    """Serve the endpoints on a listening socket while the block lasts."""
    config = ServerConfig(
        _application(folder, workers),
        http=Connections(_LIMITS),  # type: ignore[arg-type]  # makes each
        lifespan="off",
        ws="none",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE,
    )
    server = uvicorn.Server(config)
    thread = Thread(target=server.run, kwargs={"sockets": [listener]}, name="monitor", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(2 * _GRACE)


def _application(folder: Path, workers: Workers) -> Starlette:
    exposition = Exposition(folder, workers)
    logged: list[str] = []

    async def healthz(_: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def readyz(_: Request) -> Response:
        reasons = await obstacles(folder, workers)
        if reasons != logged and not workers.are_ending():
            log.warning("not ready: %s", " ".join(reasons)) if reasons else log.info("ready again")
        logged[:] = reasons
        if reasons:
            return PlainTextResponse("\n".join([*reasons, ""]), HTTPStatus.SERVICE_UNAVAILABLE)
        return PlainTextResponse("ready\n")

    async def metrics(request: Request) -> Response:
        text, media_type = exposition.text(request.headers.get("accept", ""))
        return Response(text, media_type=media_type)

    return Starlette(routes=[Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)])
