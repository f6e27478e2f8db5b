"""The process of a test's server: the real server, on a free port and an existing database."""

import sys
from pathlib import Path
from typing import Any

from ..application import application
from ..files import scratch
from ..server.access.throttling import Throttling
from ..server.faults.rules import FaultRules
from ..server.faults.rules_file import FaultRulesError, read
from ..server.http.limits import Limits
from ..server.http.listening import Listening, listeners
from ..server.run import run, stopping
from ..server.settings import Control, Settings
from ..storage.engines import administration
from ..world.loader import load
from ..world.reader import WorldError
from .options import BadOption, Options

_JOURNAL = 1000
_ADDRESS = "127.0.0.1"


class _Refused(Exception):
    pass


def import_world(file: str, locator: str) -> int:
    """Create a database with a world; return an exit code."""
    with administration(locator) as database:
        database.migrate()
        try:
            with Path(file).open("rb") as opened, database.load() as loader:
                load(loader, opened, lambda _: None, replace=False)
        except WorldError as error:
            sys.stderr.write(f"{error}. Nothing was imported.\n")
            return 2
    return 0


def serve(wanted: dict[str, Any]) -> int:
    """Serve until a signal, and return an exit code. `wanted` has the settings of `server.ServerFactory`."""
    with stopping(), scratch() as folder, listeners((_ADDRESS,), 0) as sockets:
        try:
            settings, workers = _settings(wanted, folder)
        except _Refused as error:
            sys.stderr.write(f"Error: {error}\n")
            return 2
        run(settings, sockets, create=application, workers=workers, certificate=None)
    return 0


def _settings(wanted: dict[str, Any], folder: Path) -> tuple[Settings, int]:
    try:
        options = Options(wanted["options"])
    except BadOption as error:
        raise _Refused(error) from None
    given = {"registration": wanted["registration"]} | options.of(Settings)
    workers = options.of(Listening).get("workers", 1)
    (folder / "control").mkdir()
    settings = Settings(
        wanted["database"],
        **given,
        faults=_faults(wanted["faults"], folder, registration=given["registration"]),
        limits=Limits(**options.of(Limits)),
        throttling=Throttling(**options.of(Throttling)).among(workers),
        control=Control(folder / "control", _JOURNAL) if workers == 1 else None,
    )
    return settings, workers


def _faults(wanted: str | bool | None, folder: Path, *, registration: bool) -> FaultRules | None:  # noqa: FBT001
    if not wanted:
        return None
    counts = folder / "counts"
    counts.touch()
    if wanted is True:
        return FaultRules(counts)
    try:
        seed, rules = read(Path(wanted), registration=registration)
    except OSError as error:
        raise _Refused(f"the rules cannot be read: {error.strerror}.") from None
    except FaultRulesError as error:
        raise _Refused(f"the fault rules, {error}.") from None
    return FaultRules(counts, seed, rules)
