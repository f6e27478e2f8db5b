"""The run of a service: sockets, workers, and a clean end."""

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
"""Seconds that requests in flight have after a signal to stop."""

_OTHER_FILES = 300
"""Files of a worker at most, besides connections."""

_HUNG = 60
"""Seconds after which an unresponsive worker is killed: on a busy machine it takes long to start."""


@contextmanager
def stopping() -> Iterator[None]:
    """Let SIGINT and SIGTERM leave the block at any point, and end the process with exit code 0."""
    stopped = False

    def stop(number: int, frame: FrameType | None) -> NoReturn:  # noqa: ARG001 - as the signal module calls it
        nonlocal stopped
        stopped = True
        sys.exit(0)

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    except RuntimeError:
        if stopped:  # an event loop that is just starting raises instead of the exit
            sys.exit(0)
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Server(uvicorn.Server):
    """uvicorn's server, which calls back once it accepts requests, and before it ends."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready
        self._end: Callable[[], None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        # out of the state, of which each request gets a copy
        self._end = self.lifespan.state.pop(ON_SHUTDOWN, None)
        if self.started:
            self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._end:
            self._end()
        await super().shutdown(sockets)


class _Supervisor(Multiprocess):
    """uvicorn's supervisor, which also notices the death of a worker at once, in any state.

    When the service ends, it closes the listening sockets: new clients are refused and do not wait for workers.
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
            process.child_conn.close()  # the worker's end of the pipe: an open copy here would hide its death
        super().keep_subprocess_alive()
        if self._ready and any(process.is_ready(_HUNG) for process in self.processes if process.process.is_alive()):
            self._ready()
            self._ready = None

    def terminate_all(self) -> None:
        for listener in self.sockets:
            listener.close()
        super().terminate_all()


def _allow_connections(limits: Limits) -> None:
    """Raise the limit of open files to what the workers' connections need, as far as the system allows."""
    wanted = 2 * limits.max_connections + _OTHER_FILES  # those over the limit get a response as well
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    if most < wanted:
        log.warning(
            "the system allows a process %d open files; %d connections need %d", most, limits.max_connections, wanted
        )


def _monitoring(listener: socket.socket | None, settings: Settings, workers: Workers) -> AbstractContextManager[None]:
    if listener is None or settings.monitoring.folder is None:
        return nullcontext()
    from .monitoring.endpoints import serve_monitoring

    log.info("monitoring at %s", url_of(listener, secure=False))
    return serve_monitoring(listener, settings.monitoring.folder, workers)


def run(  # noqa: PLR0913 - the parts that differ between services
    settings: Settings,
    sockets: list[socket.socket],
    *,
    create: Callable[[Settings], ASGIApp],
    workers: int,
    certificate: Certificate | None,
    monitor: socket.socket | None = None,
    ready: Callable[[], None] = lambda: None,
) -> None:
    """Serve until a signal; each worker makes the app by `create`, a function of a module.

    `monitor` is the listening socket of monitoring; `ready` is called once requests are accepted.

    uvicorn handles SIGINT and SIGTERM while it runs: it finishes the requests in flight and raises the signal again,
    for `stopping`.
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
        access_log=False,  # its lines have query strings, and thereby identities
        proxy_headers=False,  # it would trust 127.0.0.1
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
        with _monitoring(monitor, settings, alone):
            server.run(sockets=sockets)
        started = server.started
    else:
        supervisor = _Supervisor(config, sockets, ready)
        with _monitoring(monitor, settings, supervisor.workers):
            supervisor.run()
        started = all(process.exitcode != STARTUP_FAILURE for process in supervisor.processes)
    if not started:
        sys.exit(2)
