"""The options of `serve` about monitoring."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from ..service.monitoring import Monitoring
from .options import HIGHEST_PORT, option, option_group

if TYPE_CHECKING:
    import socket


def _monitoring(monitoring_host: str, monitoring_port: int | None, *, tracing: bool) -> Monitoring:
    if tracing:
        _check_tracing()
    return Monitoring(monitoring_host, monitoring_port, tracing)


def _check_tracing() -> None:
    try:
        from ..service.tracing import obstacle
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("opentelemetry"):
            raise
        raise click.UsageError("--tracing needs OpenTelemetry: pip install 'chat-bindings[otel]'") from None
    if sentence := obstacle():
        raise click.UsageError(f"--tracing cannot export: {sentence}")


monitoring_options = option_group(
    "monitoring",
    _monitoring,
    option(
        "--monitoring-port",
        type=click.IntRange(0, HIGHEST_PORT),
        help="Port for /healthz, /readyz and /metrics (Prometheus); 0 for any that is free. Default: none.",
    ),
    option(
        "--monitoring-host",
        default=Monitoring.host,
        show_default=True,
        help="Address for them. Whoever reaches it can read them: leave it private.",
    ),
    option(
        "--tracing",
        is_flag=True,
        help="Export OpenTelemetry traces, as its variables say (OTEL_EXPORTER_OTLP_ENDPOINT, ...).",
    ),
)
"""How the service is monitored."""


def listen_for(monitoring: Monitoring, listen: Callable[[str, int], "socket.socket"]) -> "socket.socket | None":
    """A listening socket for it; None where it is not wanted."""
    if monitoring.port is None:
        return None
    try:
        return listen(monitoring.host, monitoring.port)
    except OSError as error:
        raise click.UsageError(
            f"--monitoring-host {monitoring.host} --monitoring-port {monitoring.port} cannot be listened on: "
            f"{error.strerror}."
        ) from None
