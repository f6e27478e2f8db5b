"""The options of `serve` for the control API."""

import os
import sys
import threading
from collections.abc import Callable
from signal import SIGTERM
from typing import Any

import click

from ...files import scratch
from ...server.settings import Control
from ..environment import CONTROL_TOKEN
from ..options import Whole, option, option_group
from .faults import is_loopback

_MOST_REQUESTS = 1_000_000
_SHORTEST_TOKEN = 16


def _control(*, control: bool, journal: int) -> Control | None:
    if not control:
        return None
    context = click.get_current_context()
    if context.params["workers"] > 1:
        raise click.UsageError("--control works with one worker: leave --workers out.")
    token = os.environ.get(CONTROL_TOKEN) or None
    if token is None and (exposed := _find_exposure(context.params)):
        raise click.UsageError(f"--control with {exposed} needs a token in {CONTROL_TOKEN}: others can reach it.")
    if token and (len(token) < _SHORTEST_TOKEN or not token.isascii() or not token.isprintable() or " " in token):
        raise click.UsageError(
            f"{CONTROL_TOKEN} is no token: it must be {_SHORTEST_TOKEN} or more characters of ASCII without spaces."
        )
    return Control(context.with_resource(scratch()), journal, token)


def _find_exposure(given: dict[str, Any]) -> str | None:
    """Find the option that lets other machines reach the server."""
    for name in ("uds", "public_url", "trusted_proxy"):
        if given.get(name):
            return f"--{name.replace('_', '-')}"
    return next((f"--host {host}" for host in given["host"] if not is_loopback(host)), None)


control_options: Callable[[Any], Any] = option_group(
    "control",
    _control,
    option(
        "--control/--no-control",
        help="Mount the control API at /control, for tests: the world, reset, the journal of requests, faults. "
        f"Requires the token of {CONTROL_TOKEN} where that is set.",
    ),
    option(
        "--journal",
        type=Whole(1, _MOST_REQUESTS),
        default=1000,
        show_default=True,
        metavar="N",
        help="With --control: requests that the journal keeps.",
    ),
)
"""Gives a command the argument `control`."""

end_with_stdin_option = option(
    "--end-with-stdin",
    is_flag=True,
    help="End when standard input closes, as it does when the process that opened it ends, even killed.",
)


def watch_stdin() -> None:
    """Send this process SIGTERM at the end of standard input."""

    def wait() -> None:
        while os.read(descriptor, 4096):
            pass
        os.kill(os.getpid(), SIGTERM)

    descriptor = os.dup(sys.stdin.fileno())
    threading.Thread(target=wait, name="standard-input", daemon=True).start()
