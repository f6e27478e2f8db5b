"""Times of commands: of the start of `serve` and `--help`, beside the import of Connexion alone, and of `verify`."""

import json
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from statistics import median

from ...servers.catalogue import by_name
from ...servers.http import serving
from ...support import raw
from ...support.running import Service, World, cli_output, environment
from ..commands import measure as measure_run
from ..figures import say, table
from .contending import Site, running, served, turns

_COMMAND = Path(sys.executable).with_name("chat-bindings")
_BASE = "import connexion"
ROUNDS = 7
_SERVERS = {"150 ms away": "slow150", "20 requests a second": "limits-the-rate"}


def measure(site: Site) -> list[str]:
    """Take each step once in each round."""
    steps: dict[str, Callable[[], float]] = {
        _BASE: lambda: _run(sys.executable, "-c", _BASE),
        "serve, first answer": lambda: _serve(site),
        "--help": lambda: _run(_COMMAND, "--help"),
    }
    seconds: dict[str, list[float]] = defaultdict(list)
    for name in turns("start-up", list(steps), ROUNDS):
        seconds[name].append(steps[name]())
    medians = {name: median(seconds[name]) for name in steps}
    rows = [[name, f"{each:.3f}", f"{each / medians[_BASE]:.2f}"] for name, each in medians.items()]
    return table(["from its start", "seconds", f"times `{_BASE}`"], rows)


def _run(*command: object) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment())
    return time.perf_counter() - began


def _serve(site: Site) -> float:
    began = time.perf_counter()
    with running(served, site) as service:
        raw.ask(service.url, "GET", "/")
        return time.perf_counter() - began


def measure_verify(folder: Path) -> list[str]:
    """Verify the reference service, and a server with each delay: seconds, requests and the verdict."""
    world_file, database = folder / "verify-world.json", f"sqlite:///{folder}/verify.db"
    world = World.made(world_file).document
    cli_output("import", world_file, "--database", database)

    def verify(name: str, url: str) -> list[str]:
        say(f"verify, {name}")
        options = ("--fixtures", world_file, "--strict", "--report-dir", folder / "report")
        ended = measure_run("verify", url, *options, fails=None)
        report = json.loads((folder / "report" / "report.json").read_text(encoding="utf-8"))
        return [name, f"{ended.seconds:.1f}", str(report["requests"]), report["verdict"]]

    with Service(database) as service:
        rows = [verify("near: the reference service", service.url)]
    for name, server in _SERVERS.items():
        with serving(by_name(server)(world)) as url:
            rows.append(verify(name, url))
    return table(["verify of a server", "seconds", "requests", "verdict"], rows)
