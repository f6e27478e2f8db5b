"""`chat-bindings serve`: the reference service."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..files import scratch
from ..service.fault_rules import FaultRules
from ..service.limits import Limits
from ..service.logs import FORMATS, TEXT, configure
from ..service.monitoring import Monitoring, with_folder
from ..service.settings import DOCS, Network, Settings
from ..service.throttling import Throttling
from ..storage.locator import administration
from .options import HIGHEST_PORT, database_option, option
from .serve_docs import site_under_docs
from .serve_faults import faults_options
from .serve_hosts import allowed_host_option
from .serve_limits import limits_options
from .serve_monitoring import listen_for, monitoring_options
from .serve_throttling import throttling_options

if TYPE_CHECKING:
    from ..service.certificates import Certificate


class NetworkType(click.ParamType[Network]):
    """An IP address, or a network such as 10.0.0.0/8."""

    name = "network"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Network:
        try:
            return ip_network(str(value))
        except ValueError as error:
            self.fail(f"{error}. Write an IP address, or a network such as 10.0.0.0/8.", param, ctx)


# a path may follow the host: that of a proxy which puts the service under a prefix
_URL = re.compile(
    r"https?://(?:[A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{1,5}))?"
    r"(?:/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*)?"
)


class UrlType(click.ParamType[str]):
    """What absolute URLs begin with, such as https://chat.twilio.com."""

    name = "url"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        url = str(value)
        match = _URL.fullmatch(url)
        if not match or int(match["port"] or 0) > HIGHEST_PORT:
            self.fail(f"{url!r} is not a scheme and a host, such as https://chat.twilio.com.", param, ctx)
        return url.rstrip("/")


@click.command()
@option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; 0.0.0.0 for every one.")
@option(
    "--port",
    type=click.IntRange(0, HIGHEST_PORT),
    default=8000,
    show_default=True,
    help="Port to listen on; 0 for any that is free.",
)
@option(
    "--workers",
    type=click.IntRange(1, 256),
    default=1,
    show_default=True,
    help="Processes that serve; one a core is plenty.",
)
@database_option
@option(
    "--public-url",
    type=UrlType(),
    help="What absolute URLs in answers begin with. Default: the scheme and host of each request.",
)
@option(
    "--trusted-proxy",
    "trusted_proxies",
    type=NetworkType(),
    multiple=True,
    help="Address or network whose X-Forwarded-Proto, -Host and -For count. Can be repeated.",
)
@allowed_host_option
@option(
    "--tls-cert",
    type=click.Path(path_type=Path),
    help="Certificate chain (PEM) to serve HTTPS with. It and its key are read again when they change.",
)
@option("--tls-key", type=click.Path(path_type=Path), help="Private key (PEM) of the certificate.")
@throttling_options
@option(
    "--demo",
    is_flag=True,
    help="Serve the Binding of Twilio's page from a temporary database, and print how to fetch it.",
)
@option(
    "--registration/--no-registration",
    default=True,
    show_default=True,
    help="Whether devices can register, under /registration.",
)
@option(
    "--docs/--no-docs",
    default=True,
    show_default=True,
    help="Whether the contract's site is served, under /docs.",
)
@faults_options
@option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"]),
    default="info",
    show_default=True,
    help="What is logged, to standard error. No level shows personal data or secrets.",
)
@option(
    "--log-format",
    type=click.Choice(FORMATS),
    default=TEXT,
    show_default=True,
    help="How: lines of text, or a JSON object a line.",
)
@monitoring_options
@limits_options
@click.pass_context
def serve(  # noqa: PLR0913 - an argument for each option
    context: click.Context,
    *,
    host: str,
    port: int,
    workers: int,
    database: str,
    public_url: str | None,
    trusted_proxies: tuple[Network, ...],
    allowed_hosts: tuple[str, ...],
    tls_cert: Path | None,
    tls_key: Path | None,
    throttling: Throttling,
    demo: bool,
    registration: bool,
    docs: bool,
    faults: FaultRules | None,
    log_level: str,
    log_format: str,
    monitoring: Monitoring,
    limits: Limits,
) -> None:
    """Serve the Bindings API.

    SIGINT (Ctrl-C) or SIGTERM ends it: what is in flight is finished.

    \b
    Examples:
      chat-bindings serve --demo
      chat-bindings serve --demo --faults
      chat-bindings serve --database sqlite:///bindings.db --workers 2
      chat-bindings serve --port 443 --tls-cert cert.pem --tls-key key.pem --public-url https://chat.twilio.com
    """
    from ..service import server  # the web stack takes a while to import: --help does without

    certificate = _certificate(tls_cert, tls_key)
    if demo and context.get_parameter_source("database") != click.core.ParameterSource.DEFAULT:
        raise click.UsageError("--demo has a temporary database of its own: leave --database (or its variable) out.")
    configure(log_level, log_format)
    with (
        server.stopping(),
        _database(database, demo=demo) as (address, curl_options),
        site_under_docs(wanted=docs) as site,
        with_folder(monitoring) as monitored,
    ):
        settings = Settings(
            address,
            public_url,
            trusted_proxies,
            registration,
            log_level,
            log_format,
            site,
            allowed_hosts=allowed_hosts,
            faults=faults,
            limits=limits,
            monitoring=monitored,
            throttling=throttling.among(workers),
        )
        try:
            listener = server.listen(host, port)
        except OSError as error:
            raise click.UsageError(f"--host {host} --port {port} cannot be listened on: {error.strerror}.") from None
        monitor = listen_for(monitoring, server.listen)
        url = server.url_of(listener, secure=tls_cert is not None)
        if curl_options:
            click.echo(_invitation(f"{url}{curl_options[1]}", curl_options[0]))
            if site:
                click.echo(f"Read the contract, and try it on this server: {url}{DOCS}/\n")
        server.run(settings, listener, workers=workers, certificate=certificate, monitor=monitor)


def _certificate(cert: Path | None, key: Path | None) -> "Certificate | None":
    from ..service.certificates import Certificate, UnusableCertificate, context_of

    if (cert is None) != (key is None):
        raise click.UsageError("--tls-cert and --tls-key go together: give both, or neither.")
    if cert is None or key is None:
        return None
    try:
        context_of(cert, key)
    except UnusableCertificate as error:
        raise click.UsageError(f"--tls-cert {cert} with --tls-key {key} cannot be used: {error}") from None
    return Certificate(cert.absolute(), key.absolute())


@contextmanager
def _database(locator: str, *, demo: bool) -> Iterator[tuple[str, tuple[str, str] | None]]:
    if not demo:
        with administration(locator) as database:
            database.migrate()
        yield locator, None
        return
    from ..service.demo import load_demo

    with scratch() as folder:
        locator = f"sqlite:///{folder}/demo.db"
        with administration(locator) as database:
            database.migrate()
            credentials, path = load_demo(database)
        yield locator, (credentials, path)


def _invitation(url: str, credentials: str) -> str:
    return f"The demo holds the Binding of Twilio's page, until it ends. Fetch it:\n\n    curl -u {credentials} {url}\n"
