"""`--allowed-host` of `serve`."""

import re

import click

from .options import option

_HOST = re.compile(r"(?:\*\.)?(?:[A-Za-z0-9_~-][A-Za-z0-9._~-]*|\[[0-9A-Fa-f:.]+\])(?P<port>:[0-9]{1,5})?")


class HostType(click.ParamType[str]):
    """A host, a host and a port, or `*.` and a domain."""

    name = "host"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        host = str(value)
        match = _HOST.fullmatch(host)
        if not match or (host.startswith("*.") and match["port"]):
            self.fail(
                f"{host!r} is not a host such as chat.example.com or [::1], a host and a port such as localhost:8000, "
                "or all hosts below a domain, such as *.example.com.",
                param,
                ctx,
            )
        return host


allowed_host_option = option(
    "--allowed-host",
    "allowed_hosts",
    type=HostType(),
    multiple=True,
    help="Host that requests may be for; others are refused. *.example.com for all below it; the host of --public-url "
    "is allowed by itself. Default: any. Can be repeated.",
)
