"""`python -m tests.stock serve`: as `chat-bindings serve`, on Connexion's own stages."""

from typing import Any

import click

from chat_bindings.commands.serve import serve as compiled
from chat_bindings.service import server
from chat_bindings.service.listening import listen
from chat_bindings.service.settings import Network, Settings

from .app import create_app

OPTIONS = ("host", "port", "workers", "database", "public_url", "trusted_proxy", "registration", "log_level")
"""Those of `serve` that stages have to do with; --demo and TLS are the same for all."""


@click.group()
def main() -> None:
    """The service on Connexion's own stages."""


@main.command(params=[option for option in compiled.params if option.name in OPTIONS])
def serve(*, host: tuple[str, ...], port: int, workers: int, trusted_proxy: tuple[Network, ...], **given: Any) -> None:
    """Serve a database that is there."""
    settings = Settings(**given, trusted_proxies=trusted_proxy)
    with server.stopping():
        server.run(settings, listen(host, port), workers=workers, certificate=None, create=create_app)


main()
