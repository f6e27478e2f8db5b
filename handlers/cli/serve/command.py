"""`chat-bindings serve`: the reference server."""

import logging
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ...server.access.throttling import Throttling
from ...server.faults.rules import FaultRules
from ...server.http.limits import Limits
from ...server.http.listening import Listening, listeners, url_of
from ...server.logs import configure
from ...server.monitoring.settings import Monitoring, with_folder
from ...server.settings import CONTROL, DOCS, Control, Settings
from ..environment import service_links
from ..options import is_given, is_typed, late_database_option, option, settings_group
from .announce import announce_option, announcing
from .control import control_options, end_with_stdin_option, watch_stdin
from .docs import site_under_docs
from .faults import faults_options
from .init_process import leave_process_1
from .monitoring import monitoring_listener, monitoring_options
from .world import Served, demo_option, prepare, world_option

if TYPE_CHECKING:
    import socket

    from ...server.http.certificates import Certificate

log = logging.getLogger(__name__)

CONTROL_BASE = f"{CONTROL}/v1"
"""The path of the control API's first version."""


@click.command()
@settings_group("listening", Listening)
@late_database_option
@demo_option
@world_option
@announce_option
@settings_group("given", Settings, dict)
@option(
    "--docs/--no-docs",
    default=True,
    show_default=True,
    help="Serve the contract's site, under /docs.",
)
@settings_group("throttling", Throttling)
@settings_group("limits", Limits)
@monitoring_options
@faults_options
@control_options
@end_with_stdin_option
@click.pass_context
def serve(  # noqa: PLR0913 - an argument for each group of options
    context: click.Context,
    *,
    listening: Listening,
    database: str | None,
    demo: bool,
    world: str | None,
    announce: str | None,
    given: dict[str, Any],
    docs: bool,
    throttling: Throttling,
    limits: Limits,
    monitoring: Monitoring,
    faults: FaultRules | None,
    control: Control | None,
    end_with_stdin: bool,
) -> None:
    """Serve the Bindings API.

    SIGINT (Ctrl-C) or SIGTERM ends it once the requests in flight are finished.

    \b
    Examples:
      chat-bindings serve --demo
      chat-bindings serve --demo --faults
      chat-bindings serve --world world.json --port 0 --announce server.json --control
      chat-bindings serve --database sqlite:///bindings.db --workers 2
      chat-bindings serve --port 443 --tls-cert cert.pem --tls-key key.pem --public-url https://chat.twilio.com
    """
    leave_process_1()
    from ...application import application
    from ...server import run  # slow to import, and --help does not need it

    certificate = _certificate(listening)
    configure(given["log_level"], given["log_format"])
    if links := service_links():
        log.warning("ignored: %s, set by Kubernetes or Docker for a Service of this name", ", ".join(links))
    with (
        run.stopping(),
        prepare(context, database, world, demo=demo) as found,
        site_under_docs(wanted=docs) as site,
        with_folder(monitoring) as monitoring_in_folder,
        announcing(announce) as write_announcement,
        _listeners(context, listening) as sockets,
        monitoring_listener(monitoring) as monitor,
    ):
        settings = Settings(
            found.locator,
            **given,
            docs=site,
            control=control,
            faults=faults,
            limits=limits,
            monitoring=monitoring_in_folder,
            throttling=throttling.among(listening.workers),
        )
        url = url_of(sockets[0], secure=certificate is not None, local=True)
        if end_with_stdin:
            watch_stdin()
        if announce != "-":
            _invite(found, url, docs=site is not None, control=control is not None)
        run.run(
            settings,
            sockets,
            create=application,
            workers=listening.workers,
            certificate=certificate,
            monitor=monitor,
            ready=lambda: write_announcement(_announcement(found, url, control)),
        )


@contextmanager
def _listeners(context: click.Context, listening: Listening) -> "Iterator[list[socket.socket]]":
    uds = _uds(context, listening)
    with ExitStack() as stack:
        try:
            sockets = stack.enter_context(listeners(listening.hosts, listening.port, uds))
        except OSError as error:
            where = f"--uds {uds}" if uds else f"--host {error.filename} --port {listening.port}"
            raise click.UsageError(f"{where} cannot be listened on: {error.strerror}.") from None
        yield sockets


def _uds(context: click.Context, listening: Listening) -> Path | None:
    """Choose the Unix socket, or None. A typed option takes precedence over a variable, which an image may set."""
    others = [name for name in ("host", "port") if is_given(context, name)]
    if listening.uds is None or not others:
        return listening.uds
    typed = any(is_typed(context, name) for name in others)
    if typed != is_typed(context, "uds"):
        return None if typed else listening.uds
    raise click.UsageError("--uds replaces --host and --port: give it, or them.")


def _certificate(listening: Listening) -> "Certificate | None":
    from ...server.http.certificates import Certificate, UnusableCertificate, context_of

    cert, key = listening.tls_cert, listening.tls_key
    if (cert is None) != (key is None):
        raise click.UsageError("--tls-cert and --tls-key go together: give both, or neither.")
    if cert is None or key is None:
        return None
    try:
        context_of(cert, key)
    except UnusableCertificate as error:
        raise click.UsageError(f"--tls-cert {cert} with --tls-key {key} cannot be used: {error}") from None
    return Certificate(cert.absolute(), key.absolute())


def _invite(found: Served, url: str, *, docs: bool, control: bool) -> None:
    if found.path is None:
        return
    click.echo(
        "The demo has the Binding of Twilio's page until it ends. Fetch it:\n\n"
        f"    curl -u {found.account_sid}:{found.auth_token} {url}{found.path}\n"
    )
    if docs:
        click.echo(f"Read the contract, and try it on this server: {url}{DOCS}/\n")
    if control:
        click.echo(f"See its requests, Bindings and faults in a browser: {url}{CONTROL}/\n")


def _announcement(found: Served, url: str, control: Control | None) -> dict[str, Any]:
    return {
        "url": url,
        "account_sid": found.account_sid,
        "auth_token": found.auth_token,
        "service_sid": found.service_sid,
        "control_url": f"{url}{CONTROL_BASE}" if control else None,
        "pid": os.getpid(),
    }
