"""Connections of a process: with TLS or without, within the same limits, until its supervisor is gone."""

import asyncio
import os
import signal
import ssl
import time
from multiprocessing import parent_process
from threading import Thread
from typing import Any

import uvicorn

from .limits import Limits
from .protocol import Protocol
from .tls import Handshake

_LAST_REQUESTS = 1.0
"""Seconds that a worker has for the requests in flight once its supervisor is gone."""


class ServerConfig(uvicorn.Config):
    """uvicorn's configuration, but for TLS, which connections do themselves, and for workers without a supervisor."""

    tls: ssl.SSLContext | None = None

    def load(self) -> None:
        """Load the app. In a worker it is the first function of ours that runs: it watches the supervisor from then."""
        if (supervisor := parent_process()) is not None:
            Thread(target=_end_with, args=[supervisor], name="supervisor", daemon=True).start()
        super().load()
        self.tls, self.ssl = self.ssl, None  # asyncio's TLS neither counts nor bounds handshakes


def _end_with(supervisor: Any) -> None:
    """End this process when its supervisor is gone, in any way: an orphan cannot be stopped or replaced."""
    supervisor.join()
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_LAST_REQUESTS)
    os._exit(1)


class Connections:
    """Makes the protocol of each connection."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits

    def __call__(self, *, config: ServerConfig, **options: Any) -> asyncio.Protocol:
        protocol = Protocol(config=config, limits=self._limits, **options)
        return protocol if config.tls is None else Handshake(protocol, config.tls)
