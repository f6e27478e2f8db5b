"""Settings of monitoring: traces, and a port of its own with a folder of the workers' metrics."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from errno import ENAMETOOLONG
from pathlib import Path
from typing import NamedTuple

from ..http.authority import HIGHEST_PORT
from ..http.listening import host
from ..setting import setting

_LONGEST = 88
"""Bytes of a folder's path at most: systems allow about 100 for the path of a socket in it."""


@dataclass(frozen=True)
class Monitoring:
    """The monitoring of a service; none by default."""

    host: str = setting(
        "127.0.0.1",
        "Address for /healthz, /readyz and /metrics, which have no authentication: keep it private.",
        parse=host,
        option="--monitoring-host",
        metavar="ADDRESS",
    )
    port: int | None = setting(
        None,
        "Port for them (Prometheus scrapes /metrics); 0 for any that is free. Default: none.",
        maximum=HIGHEST_PORT,
        option="--monitoring-port",
    )
    tracing: bool = setting(
        default=False, help="Export OpenTelemetry traces, set up by its variables (OTEL_EXPORTER_OTLP_ENDPOINT, ...)."
    )

    folder: Path | None = None
    """The folder of the workers' readiness sockets and metrics; None without a port."""


class Workers(NamedTuple):
    """The workers of a running service, as its main process knows them."""

    pids: Callable[[], list[int]]
    """The process ids of those that run or start."""

    wanted: Callable[[], int]
    """The number that should run."""

    are_ending: Callable[[], bool]
    """Whether the service is ending."""


@contextmanager
def with_folder(monitoring: Monitoring) -> Iterator[Monitoring]:
    """Add a folder, which exists while the block lasts, where there is a port."""
    if monitoring.port is None:
        yield monitoring
        return
    with tempfile.TemporaryDirectory(prefix="chat-bindings-") as name:
        if len(os.fsencode(name)) > _LONGEST:
            raise OSError(
                ENAMETOOLONG, "its path is too long for the sockets of workers, so set a shorter TMPDIR", name
            )
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = name  # prometheus_client reads it when a process imports it
        yield replace(monitoring, folder=Path(name))
