"""Running the app: sockets, workers, and a clean end."""

import logging
import os
import resource
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from types import FrameType
from typing import NoReturn

import uvicorn
from starlette.types import ASGIApp
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from ..storage.engines import mask_password
from .http.certificates import Certificate
from .http.connections import Connections, ServerConfig
from .http.limits import Limits
from .http.listening import url_of
from .logs import configure
from .monitoring.settings import Workers
from .settings import ON_SHUTDOWN, Settings

log = logging.getLogger(__name__)

_GRACE = 30
"""Seconds that requests in flight have after the end was asked for."""

_OTHER_FILES = 300
"""How many files a worker opens at the most that are no connections."""

_HUNG = 60
"""Seconds after which a worker that does not react is killed: on a busy machine it takes long to start."""


@contextmanager
def stopping() -> Iterator[None]:
    """Inside, SIGINT and SIGTERM leave the block and end the process with 0, whatever it is doing."""
    stopped = False

    def stop(number: int, frame: FrameType | None) -> NoReturn:  # noqa: ARG001 - as the signal module calls it
        nonlocal stopped
        stopped = True
        sys.exit(0)

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    except RuntimeError:
        if stopped:  # an event loop that is just beginning cannot be left, and says so
            sys.exit(0)
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Server(uvicorn.Server):
    """uvicorn's, which says when it answers requests, and when it is about to end."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if end := self.lifespan.state.get(ON_SHUTDOWN):
            end()
        await super().shutdown(sockets)


class _Supervisor(Multiprocess):
    """uvicorn's, but a worker that dies is seen at once, whatever it was asked when it did.

    And once the end was asked for nobody new is let in, only to wait for a worker that never comes.
    """

    def __init__(self, config: uvicorn.Config, sockets: list[socket.socket], ready: Callable[[], None]) -> None:
        super().__init__(config, sockets)
        self._ready: Callable[[], None] | None = ready

    @property
    def workers(self) -> Workers:
        return Workers(
            lambda: [process.pid for process in self.processes if process.pid],
            lambda: self.processes_num,
            self.should_exit.is_set,
        )

    def keep_subprocess_alive(self) -> None:
        for process in self.processes:
            process.child_conn.close()  # the worker's end of the pipe: held here too, its death would not close it
        super().keep_subprocess_alive()
        if self._ready and any(process.is_ready(_HUNG) for process in self.processes if process.process.is_alive()):
            self._ready()
            self._ready = None

    def terminate_all(self) -> None:
        for listener in self.sockets:
            listener.close()
        super().terminate_all()


def _allow_connections(limits: Limits) -> None:
    """Let the workers open as many files as their connections need, as far as the system lets them."""
    wanted = 2 * limits.max_connections + _OTHER_FILES  # those too many are heard as well
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    if most < wanted:
        log.warning(
            "the system lets a process open %d files; %d connections take %d", most, limits.max_connections, wanted
        )


def _monitored(listener: socket.socket | None, settings: Settings, workers: Workers) -> AbstractContextManager[None]:
    if listener is None or settings.monitoring.folder is None:
        return nullcontext()
    from .monitoring.endpoints import monitored

    log.info("monitored at %s", url_of(listener, secure=False))
    return monitored(listener, settings.monitoring.folder, workers)


def run(  # noqa: PLR0913 - what all servers need, and what only some do
    settings: Settings,
    sockets: list[socket.socket],
    *,
    create: Callable[[Settings], ASGIApp],
    workers: int,
    certificate: Certificate | None,
    monitor: socket.socket | None = None,
    ready: Callable[[], None] = lambda: None,
) -> None:
    """Serve until a signal asks for the end; each worker makes the app by `create`, a function of a module.

    `monitor` is where the service is monitored, if it is to be; `ready` is called once requests are answered.

    uvicorn's handlers take SIGINT and SIGTERM while it runs; it finishes what is in flight and then raises the signal
    again, for `stopping` to see.
    """
    configure(settings.log_level, settings.log_format)
    _allow_connections(settings.limits)
    config = ServerConfig(
        partial(create, settings),
        factory=True,
        interface="asgi3",
        http=Connections(settings.limits),  # type: ignore[arg-type]  # makes each
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,  # its lines hold query strings, and those identities
        proxy_headers=False,  # it believes 127.0.0.1 unless told otherwise
        server_header=False,
        timeout_graceful_shutdown=_GRACE,
        timeout_worker_healthcheck=_HUNG,
        workers=workers,
        ssl_context_factory=certificate,
    )
    urls = ", ".join(url_of(each, secure=bool(certificate)) for each in sockets)
    log.info("serving %s at %s, workers: %d", mask_password(settings.database), urls, workers)
    if workers == 1:
        server = _Server(config, ready)
        alone = Workers(lambda: [os.getpid()], lambda: 1, lambda: server.should_exit)
        with _monitored(monitor, settings, alone):
            server.run(sockets=sockets)
        started = server.started
    else:
        supervisor = _Supervisor(config, sockets, ready)
        with _monitored(monitor, settings, supervisor.workers):
            supervisor.run()
        started = all(process.exitcode != STARTUP_FAILURE for process in supervisor.processes)
    if not started:
        sys.exit(2)
