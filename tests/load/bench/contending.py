"""The contenders: the command of each, which serves on a port of loopback with one worker."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, TypeVar

from ...support.guessing import UNLIMITED
from ...support.processes import free_port
from ...support.running import CLI, Service
from ..figures import PRISM, say
from .kinds import NO_CREDENTIALS, WRONG_TOKEN

Each = TypeVar("Each")
Command = Callable[["Site", int], Sequence[object]]
"""The command of a server on a site and a port."""


class Site(NamedTuple):
    """The database, host and spec that a contender is started with."""

    database: Path
    spec: Path = Path()
    """The spec with examples of the world's own size, for Prism."""


class Contender(NamedTuple):
    """A server of the comparison."""

    name: str
    label: str
    command: Command
    skips: Sequence[str] = ()
    """The kinds of reads that it cannot answer."""


def _python(name: str) -> Command:
    module = f"{__package__}.contenders"
    return lambda site, port: ["env", f"BENCH_DATABASE={site.database}", sys.executable, "-m", module, name, port]


def served(site: Site, port: int, *options: object) -> Sequence[object]:
    """Return our service's command, without limits on guesses: one kind of request has wrong credentials only."""
    where = ("--port", port, "--database", f"sqlite:///{site.database}")
    return [*CLI, "serve", "--log-level", "warning", *where, *UNLIMITED, *options]


def _prism(site: Site, port: int) -> Sequence[object]:
    return [PRISM / ".bin" / "prism", "mock", site.spec, "--port", port, "--verboseLevel", "silent"]


OURS = Contender("ours", "chat-bindings", served)
LIMIT = Contender("limit", "bare ASGI", _python("bare"), (WRONG_TOKEN, NO_CREDENTIALS))
FASTAPI = Contender("fastapi", "FastAPI", _python("fastapi_app"))
STOCK = Contender("stock", "stock Connexion", _python("stock"))
MOCK = Contender("prism", "Prism", _prism, (WRONG_TOKEN,))
ONE_COMMIT = Contender("one commit", "one commit a request", _python("bare"))

READERS = (OURS, LIMIT, FASTAPI, STOCK, MOCK)
WRITERS = (OURS, ONE_COMMIT)


@contextmanager
def running(command: Command, site: Site) -> Iterator[Service]:
    """Start a server, wait until it listens, and end it cleanly."""
    port = free_port()
    with Service("", command=command(site, port), port=port) as service:
        yield service


def turns(what: str, items: Sequence[Each], rounds: int) -> Iterator[Each]:
    """Yield each item in each round, in an order that rotates."""
    for number in range(rounds):
        start = number % len(items)
        for item in (*items[start:], *items[:start]):
            say(f"{what}, round {number + 1} of {rounds}: {getattr(item, 'label', item)}")
            yield item
