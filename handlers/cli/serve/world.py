"""The database of `serve`: an existing one, or a temporary one with a world."""

import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import click

from ...failures import Refusal
from ...files import scratch
from ...storage.engines import administration
from ..environment import DATABASE, DEMO_TOKEN
from ..options import database_of, is_given, is_typed, option

if TYPE_CHECKING:
    from ...storage.administration import Administration
    from ...world.reader import Frame

log = logging.getLogger(__name__)

_TOKEN = re.compile(r"[0-9A-Fa-f]{32}")

demo_option = option(
    "--demo",
    is_flag=True,
    help="Serve the Binding of Twilio's page from a temporary database, and print how to fetch it. "
    f"{DEMO_TOKEN} sets its token; by default it is a new one.",
)

world_option = option(
    "--world",
    metavar="WORLD.json|-",
    type=click.Path(exists=True, dir_okay=False, readable=True, allow_dash=True),
    help="Serve a world, as for `import`, from a temporary database; - for standard input.",
)


class Served(NamedTuple):
    """A database, with the first account and service of a world in it."""

    locator: str
    account_sid: str | None = None
    auth_token: str | None = None
    service_sid: str | None = None
    path: str | None = None
    """The path of the demo's Binding."""


@contextmanager
def prepare(context: click.Context, database: str | None, world: str | None, *, demo: bool) -> Iterator[Served]:
    """Yield a migrated database: a temporary one with the demo or a world, else that of --database."""
    if demo and world is not None:
        if is_typed(context, "demo") == is_typed(context, "world"):
            raise click.UsageError("--demo and --world are two worlds: give one of them.")
        demo = is_typed(context, "demo")  # a typed option takes precedence over a variable
    if not demo and world is None:
        locator = database_of(context, database)
        with administration(locator) as storage:
            storage.migrate()
        yield Served(locator)
        return
    name = "--demo" if demo else "--world"
    if is_typed(context, "database"):
        raise click.UsageError(f"{name} has a temporary database of its own: leave --database out.")
    if is_given(context, "database"):
        log.info("%s is ignored: %s has a temporary database of its own", DATABASE, name)
    with scratch() as folder:
        locator = f"sqlite:///{folder}/world.db"
        with administration(locator) as storage:
            storage.migrate()
            found = _load_demo(storage, locator) if world is None or demo else _load_world(storage, locator, world)
        yield found


def _load_demo(storage: "Administration", locator: str) -> Served:
    from ...tokens import new_token
    from ...world.demo import load_demo

    token = os.environ.get(DEMO_TOKEN) or new_token()
    if not _TOKEN.fullmatch(token):
        raise click.UsageError(f"{DEMO_TOKEN} is no auth token: it must be 32 hexadecimal digits.")
    account_sid, service_sid, path = load_demo(storage, token)
    return Served(locator, account_sid, token, service_sid, path)


def _load_world(storage: "Administration", locator: str, name: str) -> Served:
    from ...world.loader import load
    from ...world.reader import WorldError
    from ...world.source import open_seekable

    first: dict[str, str] = {}

    def see(frame: "Frame") -> None:
        if frame.kind == "Account" and not frame.index:
            first.update({key: frame.value[key] for key in ("sid", "auth_token") if key in frame.value})
        elif frame.kind == "Service" and not frame.index and not frame.parent.index:
            first["service_sid"] = frame.value["sid"]

    try:
        with open_seekable(name) as file, storage.load() as loader:
            load(loader, file, lambda _: None, replace=False, see=see)
    except WorldError as error:
        raise Refusal(f"--world {name}, {error}.") from None
    except OSError as error:
        raise Refusal(f"--world {name} cannot be read: {error.strerror}.") from None
    if not first:
        raise Refusal(f"--world {name} has no account: without credentials no request can succeed.")
    return Served(locator, first["sid"], first.get("auth_token"), first.get("service_sid"))
