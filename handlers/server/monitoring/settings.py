"""Settings of monitoring: traces, and a port of its own, for which workers leave their counts in a folder."""

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
"""Bytes that the path of a folder may have: systems take about 100 for that of a socket in it."""


@dataclass(frozen=True)
class Monitoring:
    """How a service is monitored; by default it is not."""

    host: str = setting(
        "127.0.0.1",
        "Address for /healthz, /readyz and /metrics. Whoever reaches it can read them: leave it private.",
        parse=host,
        option="--monitoring-host",
        metavar="ADDRESS",
    )
    port: int | None = setting(
        None,
        "Port for them (Prometheus reads /metrics); 0 for any that is free. Default: none.",
        maximum=HIGHEST_PORT,
        option="--monitoring-port",
    )
    tracing: bool = setting(
        default=False, help="Export OpenTelemetry traces, as its variables say (OTEL_EXPORTER_OTLP_ENDPOINT, ...)."
    )

    folder: Path | None = None
    """Where the workers of one service tell whether they are ready and what they have done; None for no port."""


class Workers(NamedTuple):
    """The workers of a running service, as its main process knows them."""

    pids: Callable[[], list[int]]
    """Those that run, or are about to."""

    wanted: Callable[[], int]
    """How many there should be."""

    are_ending: Callable[[], bool]
    """Whether the end was asked for."""


@contextmanager
def with_folder(monitoring: Monitoring) -> Iterator[Monitoring]:
    """The same with a folder, if it has a port: it is there while the block lasts."""
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
