"""The options of `serve` for monitoring."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from ...server.http.listening import listen
from ...server.monitoring.settings import Monitoring
from ..options import settings_group

if TYPE_CHECKING:
    import socket


def _monitoring(*, tracing: bool, **values: object) -> Monitoring:
    if tracing:
        _check_tracing()
    return Monitoring(tracing=tracing, **values)  # type: ignore[arg-type]  # each as its option made it


def _check_tracing() -> None:
    try:
        from ...server.monitoring.tracing import obstacle
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("opentelemetry"):
            raise
        raise click.UsageError("--tracing needs OpenTelemetry: pip install 'chat-bindings[otel]'") from None
    if sentence := obstacle():
        raise click.UsageError(f"--tracing cannot export: {sentence}")


monitoring_options = settings_group("monitoring", Monitoring, _monitoring)
"""Gives a command the argument `monitoring`."""


@contextmanager
def monitoring_listener(monitoring: Monitoring) -> "Iterator[socket.socket | None]":
    """Yield the listening socket of the monitoring port; None without a port."""
    if monitoring.port is None:
        yield None
        return
    try:
        (listener, *others) = listen([monitoring.host], monitoring.port)
    except OSError as error:
        raise click.UsageError(
            f"--monitoring-host {monitoring.host} --monitoring-port {monitoring.port} cannot be listened on: "
            f"{error.strerror}."
        ) from None
    for each in others:  # one address is enough
        each.close()
    yield listener
